package policy

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The limits of fences (R33).
const (
	MaxAllowedNetworks      = 20
	MinTokenLifetimeSeconds = 60
)

// The errors about changes of an access key.
var (
	// ErrOwnFence refuses to loosen the access key that the actor acts with (R33).
	ErrOwnFence = errors.New("an access key can't loosen its own fences: use another one, or the console")
	// ErrScopeNotHeld refuses to give an access key a scope that it does not have (R9). See ScopeNotHeldError, which lists those it has.
	ErrScopeNotHeld = errors.New("an access key gets no more scopes once it is made")
	// ErrInvalidNetwork refuses networks that a key can't be limited to.
	ErrInvalidNetwork = fmt.Errorf("allowed_networks must be at most %d networks in CIDR notation, such as 192.0.2.0/24 or 2001:db8::/32",
		MaxAllowedNetworks)
	// ErrInvalidTokenLifetime refuses a lifetime of tokens that a key can't be limited to.
	ErrInvalidTokenLifetime = errors.New("token_lifetime_seconds is out of range")
	// ErrInvalidEnd refuses an end that a key can't be given.
	ErrInvalidEnd = errors.New("expires_at must be in the future, or null for no end of its own")
	// ErrForeignNetwork refuses an access key, or a token of it, outside the networks that it is limited to.
	ErrForeignNetwork = errors.New("the access key may not be used from this network")
)

// ScopeNotHeldError is ErrScopeNotHeld with the scopes that are refused, and those that the key has.
type ScopeNotHeldError struct{ Refused, Held []string }

// Error says what is allowed.
func (e *ScopeNotHeldError) Error() string {
	return fmt.Sprintf("%s: it has not %s, and can keep some of %s",
		ErrScopeNotHeld, strings.Join(e.Refused, ", "), strings.Join(e.Held, ", "))
}

// Is makes errors.Is(err, ErrScopeNotHeld) true.
func (*ScopeNotHeldError) Is(target error) bool { return target == ErrScopeNotHeld }

// KeyPatch changes an access key; nil fields stay as they are. What is zero or empty takes a fence away (R33).
type KeyPatch struct {
	Label                *string
	Scopes               *[]string // some of those that the key has (R9)
	AllowedNetworks      *[]string
	Audiences            *[]string
	TokenLifetimeSeconds *int
	TokensPerMinute      *int
	ExpiresAt            *time.Time
}

// Check returns the error of a patch that no key can have. longest is the longest lifetime of tokens that is configured.
func (p KeyPatch) Check(audiences Audiences, longest time.Duration, now time.Time) error {
	var errs []error
	if p.Label != nil {
		errs = append(errs, CheckLabel(*p.Label))
	}
	if p.Scopes != nil && len(*p.Scopes) == 0 {
		errs = append(errs, fmt.Errorf("%w: an access key keeps at least one", ErrInvalidScope))
	}
	if p.AllowedNetworks != nil {
		_, err := ParseNetworks(*p.AllowedNetworks)
		errs = append(errs, err)
	}
	if p.Audiences != nil {
		errs = append(errs, audiences.CheckFence(*p.Audiences))
	}
	if p.TokenLifetimeSeconds != nil {
		errs = append(errs, CheckTokenLifetime(*p.TokenLifetimeSeconds, longest))
	}
	if p.TokensPerMinute != nil {
		errs = append(errs, CheckTokensPerMinute(*p.TokensPerMinute))
	}
	if p.ExpiresAt != nil && Expired(*p.ExpiresAt, now) {
		errs = append(errs, ErrInvalidEnd)
	}
	return cmp.Or(errs...)
}

// ParseNetworks returns the networks in the one form in which they are stored, each once.
func ParseNetworks(networks []string) ([]string, error) {
	if len(networks) > MaxAllowedNetworks {
		return nil, ErrInvalidNetwork
	}
	var parsed []string
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if err != nil || network.Addr().Is4In6() {
			return nil, fmt.Errorf("%w; not %s", ErrInvalidNetwork, Excerpt(text, 60))
		}
		if text := network.Masked().String(); !slices.Contains(parsed, text) {
			parsed = append(parsed, text)
		}
	}
	return parsed, nil
}

// CheckTokenLifetime returns ErrInvalidTokenLifetime unless a key can be limited to tokens of this lifetime; 0 is no limit.
func CheckTokenLifetime(seconds int, longest time.Duration) error {
	if most := int(longest / time.Second); seconds != 0 && (seconds < MinTokenLifetimeSeconds || seconds > most) {
		return fmt.Errorf("%w: it must be between %d and %d, or null for no limit of its own",
			ErrInvalidTokenLifetime, MinTokenLifetimeSeconds, most)
	}
	return nil
}

// Patched returns the key after a patch that Check has let pass. It is a ScopeNotHeldError if the patch would add scopes.
func (k AccessKey) Patched(p KeyPatch) (AccessKey, error) {
	set(&k.Label, p.Label)
	set(&k.TokenLifetimeSeconds, p.TokenLifetimeSeconds)
	set(&k.TokensPerMinute, p.TokensPerMinute)
	if p.Audiences != nil {
		k.Audiences = Distinct(*p.Audiences)
	}
	if p.ExpiresAt != nil {
		k = k.endingAt(p.ExpiresAt.UTC())
	}
	if p.AllowedNetworks != nil {
		var err error
		if k.AllowedNetworks, err = ParseNetworks(*p.AllowedNetworks); err != nil {
			return k, err
		}
	}
	if p.Scopes != nil {
		if refused := without(*p.Scopes, k.Scopes); len(refused) > 0 {
			return k, &ScopeNotHeldError{Refused: refused, Held: k.Scopes}
		}
		k.Scopes = without(k.Scopes, without(k.Scopes, *p.Scopes))
	}
	return k, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Distinct drops what is repeated and keeps the order. It is nil if there is nothing.
func Distinct(names []string) []string {
	var kept []string
	for _, name := range names {
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// LoosenedBy says whether the key allows more after a change than before.
func (k AccessKey) LoosenedBy(after AccessKey) bool {
	return !covers(k.AllowedNetworks, after.AllowedNetworks, inNetwork) || !covers(k.Audiences, after.Audiences, same) ||
		Loosens(k.TokenLifetimeSeconds, after.TokenLifetimeSeconds) || Loosens(k.TokensPerMinute, after.TokensPerMinute) ||
		prolongs(k.ExpiresAt, after.ExpiresAt)
}

// TightenedBy says whether tokens that the key has made allow more than it does after a change. A quota is about tokens to come.
func (k AccessKey) TightenedBy(after AccessKey) bool {
	return !covers(after.AllowedNetworks, k.AllowedNetworks, inNetwork) || !covers(after.Audiences, k.Audiences, same) ||
		Loosens(after.TokenLifetimeSeconds, k.TokenLifetimeSeconds) || len(without(k.Scopes, after.Scopes)) > 0 ||
		prolongs(after.ExpiresAt, k.ExpiresAt)
}

// covers says whether each of the inner ones is within one of the outer ones. None at all is all that there are.
func covers(outer, inner []string, within func(inner, outer string) bool) bool {
	if len(outer) == 0 || len(inner) == 0 {
		return len(outer) == 0
	}
	return !slices.ContainsFunc(inner, func(i string) bool {
		return !slices.ContainsFunc(outer, func(o string) bool { return within(i, o) })
	})
}

func same(inner, outer string) bool { return inner == outer }

func inNetwork(inner, outer string) bool {
	i, innerErr := netip.ParsePrefix(inner)
	o, outerErr := netip.ParsePrefix(outer)
	return innerErr == nil && outerErr == nil && o.Bits() <= i.Bits() && o.Contains(i.Addr())
}

// CheckAddress returns ErrForeignNetwork if the key may not be used from the address. One that is no IP address, such as that of a Unix
// socket, is in no network.
func (k AccessKey) CheckAddress(address string) error {
	if len(k.AllowedNetworks) == 0 {
		return nil
	}
	if from, err := netip.ParseAddr(address); err == nil {
		for _, text := range k.AllowedNetworks {
			if network, err := netip.ParsePrefix(text); err == nil && network.Contains(from.Unmap()) {
				return nil
			}
		}
	}
	return ErrForeignNetwork
}

// TokenLifetime is how long tokens of the key live at most, of the lifetime that is configured.
func (k AccessKey) TokenLifetime(configured time.Duration) time.Duration {
	if k.TokenLifetimeSeconds == 0 {
		return configured
	}
	return min(configured, time.Duration(k.TokenLifetimeSeconds)*time.Second)
}

// WithPatchedKey returns the membership with the key as it is after a change of it. If the change has tightened the key, all its tokens
// end: each of its secrets gets one of the renewed status indexes, and there must be as many of these as the key has secrets (R33).
func (m Membership) WithPatchedKey(after AccessKey, renewed []IndexRenewal) (Membership, error) {
	i := m.index(after.ClientID)
	switch {
	case i < 0:
		return m, ErrKeyNotFound
	case m.Keys[i].TightenedBy(after):
		if len(renewed) < len(after.Secrets) {
			return m, fmt.Errorf("%d status indexes for %d secrets", len(renewed), len(after.Secrets))
		}
		after.Secrets, after.Replaced = slices.Clone(after.Secrets), nil
		for at := range after.Secrets {
			after.Secrets[at].StatusIndex, after.Secrets[at].StatusSince = renewed[at].Index, renewed[at].Since
		}
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i] = after
	return m, nil
}
