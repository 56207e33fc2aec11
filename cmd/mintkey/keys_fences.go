package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/server/api"
)

// The flags of the fences of an access key (R33), beside quotaFlag.
const (
	networkFlag  = "allowed-network"
	audienceFlag = "audience"
	lifetimeFlag = "token-lifetime"
	endFlag      = "expires-at"
	clearFlag    = "clear"

	oldAudienceFlag = "audiences"
)

func fenceFlags() []string {
	return []string{networkFlag, audienceFlag, lifetimeFlag, quotaFlag, endFlag}
}

// fences are the values of the flags, as they were given.
type fences struct {
	command             *cobra.Command
	networks, audiences []string
	lifetime, end       string
	quota               int
	cleared             []string // names of flags
}

func addFenceFlags(c *cobra.Command) *fences {
	f, flags := &fences{command: c}, c.Flags()
	flags.StringSliceVar(&f.networks, networkFlag, nil,
		"network in CIDR notation from which the key can be used; repeat it for more (default: everywhere)")
	flags.StringSliceVar(&f.audiences, audienceFlag, nil,
		"API that its tokens can be for; repeat it for more (default: all that are configured)")
	flags.StringVar(&f.lifetime, lifetimeFlag, "", "how long its tokens live at most, such as 90s or 10m (default: as configured)")
	flags.IntVar(&f.quota, quotaFlag, 0, "quota of tokens a minute; 0 for none")
	flags.StringVar(&f.end, endFlag, "",
		"when the key ends for good, whatever the policy says: 2027-01-31, 2027-01-31T18:00:00Z, or how long from now, such as 30d or 12h")
	flags.StringSliceVar(&f.audiences, oldAudienceFlag, nil, "as --"+audienceFlag)
	flags.Lookup(oldAudienceFlag).Hidden = true
	return f
}

func (f *fences) addClearFlag() {
	f.command.Flags().StringSliceVar(&f.cleared, clearFlag, nil, "take a limit away: "+strings.Join(fenceFlags(), ", ")+"; repeat it for more")
}

// given says whether the flag was given, by this name or an earlier one.
func (f *fences) given(name string) bool {
	flags := f.command.Flags()
	return flags.Changed(name) || name == audienceFlag && flags.Changed(oldAudienceFlag)
}

// change is what the API takes: the limits that were given, and null for those that are to be cleared.
func (f *fences) change(now time.Time) (change api.KeyChange, err error) {
	for _, name := range f.cleared {
		switch {
		case !slices.Contains(fenceFlags(), name):
			return change, usagef("--%s %s: allowed are %s", clearFlag, name, strings.Join(fenceFlags(), ", "))
		case f.given(name):
			return change, usagef("give either --%s or --%s %s", name, clearFlag, name)
		}
	}
	change.AllowedNetworks, err = fence(f, networkFlag, func() ([]string, error) { return f.networks, nil })
	if err != nil {
		return change, err
	}
	if change.Audiences, err = fence(f, audienceFlag, func() ([]string, error) { return f.audiences, nil }); err != nil {
		return change, err
	}
	if change.TokenLifetimeSeconds, err = fence(f, lifetimeFlag, func() (int, error) { return wholeSeconds(f.lifetime) }); err != nil {
		return change, err
	}
	if change.TokensPerMinute, err = fence(f, quotaFlag, func() (int, error) { return f.quota, checkQuota(f.quota) }); err != nil {
		return change, err
	}
	if quota := &change.TokensPerMinute; quota.Value != nil && *quota.Value == 0 {
		quota.Value = nil
	}
	change.ExpiresAt, err = fence(f, endFlag, func() (time.Time, error) { return parseEnd(f.end, now) })
	return change, err
}

// fence is the value of a flag: absent if it is not given, null if it is cleared.
func fence[T any](f *fences, name string, value func() (T, error)) (api.Nullable[T], error) {
	if slices.Contains(f.cleared, name) {
		return api.Nullable[T]{Given: true}, nil
	}
	if !f.given(name) {
		return api.Nullable[T]{}, nil
	}
	given, err := value()
	if err != nil {
		return api.Nullable[T]{}, usagef("--%s: %v", name, err)
	}
	return api.Nullable[T]{Given: true, Value: &given}, nil
}

func wholeSeconds(text string) (int, error) {
	lifetime, err := configs.ParseDuration(text)
	if err == nil && lifetime%time.Second != 0 {
		err = fmt.Errorf("%s is not a number of whole seconds", text)
	}
	return int(lifetime / time.Second), err
}

// parseEnd reads an instant, a day, whose beginning in UTC it is, or how long it is until then.
func parseEnd(text string, now time.Time) (time.Time, error) {
	if in, err := configs.ParseDuration(text); err == nil {
		return now.Add(in).UTC().Truncate(time.Second), nil
	}
	if end, ok := dayOrTime(text); ok {
		return end, nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2027-01-31, 2027-01-31T18:00:00Z, or how long from now, such as 30d or 12h", text)
}

// showFences says which limits a key has.
func showFences(w io.Writer, k api.Key) {
	if k.OwnExpiresAt != nil {
		_, _ = fmt.Fprintf(w, "It ends for good at %s; a refresh does not move that.\n", showTime(k.OwnExpiresAt))
	}
	if len(k.AllowedNetworks) > 0 {
		_, _ = fmt.Fprintf(w, "It can be used from: %s.\n", strings.Join(k.AllowedNetworks, ", "))
	}
	if len(k.Audiences) > 0 {
		_, _ = fmt.Fprintf(w, "Its tokens can be for: %s.\n", strings.Join(k.Audiences, ", "))
	}
	if k.TokenLifetimeSeconds > 0 {
		_, _ = fmt.Fprintf(w, "Its tokens live for %s at most.\n", time.Duration(k.TokenLifetimeSeconds)*time.Second)
	}
	if k.TokensPerMinute > 0 {
		_, _ = fmt.Fprintf(w, "It has %s.\n", quotaWords(k.TokensPerMinute))
	}
}
