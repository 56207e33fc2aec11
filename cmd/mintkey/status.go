package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

// status is what mintkey status says. What could not be asked for is absent.
type status struct {
	URL    string `json:"url"`
	Issuer string `json:"issuer,omitempty"`
	// ClockAheadSeconds is how far the clock of this machine is ahead of the server's, by the Date of its answers.
	ClockAheadSeconds *int64             `json:"clock_ahead_seconds,omitempty"`
	SigningKeys       []statusSigningKey `json:"signing_keys,omitempty"`
	AccessKey         *statusAccessKey   `json:"access_key,omitempty"`
	Operations        *statusOperations  `json:"operations,omitempty"` // with --ops-url
	Problems          []string           `json:"problems"`
	keyGiven          bool
}

type statusSigningKey struct {
	KID       string `json:"kid"`
	Algorithm string `json:"alg"`
	// Only operators are told these.
	State      string     `json:"state,omitempty"`
	ActiveFrom *time.Time `json:"active_from,omitempty"`
}

type statusAccessKey struct {
	ClientID    string     `json:"client_id"`
	Source      string     `json:"source"`
	Works       bool       `json:"works"`
	ExpiresAt   *time.Time `json:"expires_at"`
	ExpiryKnown bool       `json:"expiry_known"`
}

type statusOperations struct {
	Version  string   `json:"version"`
	Ready    bool     `json:"ready"`
	Warnings []string `json:"warnings,omitempty"`
}

func (p *program) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show whether the server answers and the access key works, the clocks, and the signing keys",
		Long: "Show whether the server answers and the access key works, how far the clocks are apart, and the signing keys; for operators\n" +
			"also their states. It needs no access key. With --ops-url, the address of ops_listen, it shows the version of the server, and\n" +
			"whether it can do its work.\n\n" +
			"The exit code is that of the first problem (see mintkey help exit-codes).",
		Example: "  mintkey status --ops-url http://127.0.0.1:9464",
		Args:    arguments(cobra.NoArgs),
	}
	flags := addAccessFlags(c)
	ops := c.Flags().String("ops-url", "", "URL of the server's ops_listen, for its version and whether it is ready")
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, hasKey, err := p.accessOrServer(c.Context(), flags)
		if err != nil {
			return err
		}
		if *ops != "" {
			if err := p.checkServer(*ops, &serverFlags{allowHTTP: true}); err != nil { // no secret goes there
				return err
			}
		}
		s := &status{URL: a.url, Problems: []string{}, keyGiven: hasKey}
		failure := p.examine(c.Context(), s, a, hasKey, *ops)
		if err := p.print(s, s.show); err != nil {
			return err
		}
		return failure
	}
	return c
}

// accessOrServer is resolve for who may have no access key.
func (p *program) accessOrServer(ctx context.Context, f *accessFlags) (a access, hasKey bool, err error) {
	a, err = p.resolve(ctx, f)
	if coded, ok := errors.AsType[*codedError](err); !ok || coded.code != exitUnauthenticated || f.profile != "" {
		return a, err == nil, err
	}
	if a, err = p.given(ctx, f); err != nil {
		return a, false, err
	}
	a.via.defaulted = a.url == ""
	a.url = cmp.Or(a.url, defaultURL)
	return a, false, p.checkServer(a.url, &f.serverFlags)
}

// examine fills in the status, and returns the first problem.
func (p *program) examine(ctx context.Context, s *status, a access, hasKey bool, ops string) (first error) {
	note := func(err error) {
		if err != nil {
			s.Problems = append(s.Problems, err.Error())
			first = cmp.Or(first, err)
		}
	}
	about, err := a.via.metadata(ctx, a.url)
	note(err)
	if err == nil {
		s.Issuer = about.Issuer
		ahead := int64(a.via.clockAhead / time.Second)
		s.ClockAheadSeconds = &ahead
		if a.via.clockAhead.Abs() > allowedSkew {
			s.Problems = append(s.Problems, clocks(a.via.clockAhead))
		}
		note(s.askForSigningKeys(ctx, a))
	}
	if err == nil && hasKey {
		note(p.tryKey(ctx, s, a))
	}
	if ops != "" {
		note(s.askOperations(ctx, a.via, strings.TrimSuffix(ops, "/")))
	}
	return first
}

func (s *status) askForSigningKeys(ctx context.Context, a access) error {
	var set struct {
		Keys []statusSigningKey `json:"keys"`
	}
	if err := a.via.get(ctx, strings.TrimRight(a.url, "/")+"/.well-known/jwks.json", &set); err != nil {
		return fmt.Errorf("ask for the signing keys: %w", err)
	}
	s.SigningKeys = set.Keys
	return nil
}

func (p *program) tryKey(ctx context.Context, s *status, a access) error {
	s.AccessKey = &statusAccessKey{ClientID: a.clientID, Source: a.source}
	server, err := p.connectWith(ctx, a)
	if err != nil {
		return err
	}
	i, err := server.identity(ctx)
	if err != nil {
		return err
	}
	s.AccessKey.Works, s.AccessKey.ExpiresAt, s.AccessKey.ExpiryKnown = true, i.ExpiresAt, i.ExpiryKnown
	if !slices.Contains(i.Scopes, policy.ScopeAccountsWrite) && !slices.Contains(i.Scopes, policy.ScopeTokensIntrospect) {
		return nil
	}
	answer, err := server.call(ctx, http.MethodGet, "/admin/v1/signing-keys", nil)
	if err != nil && exitCode(err) == exitNotFound { // the administration API is on a listener of its own
		return nil
	}
	var all api.List[api.SigningKey]
	if err := cmp.Or(err, json.Unmarshal(answer, &all)); err != nil {
		return fmt.Errorf("ask for the signing keys: %w", err)
	}
	s.SigningKeys = nil
	for _, key := range all.Items {
		s.SigningKeys = append(s.SigningKeys, statusSigningKey{key.KID, key.Algorithm, key.State, api.OrNull(key.ActiveFrom)})
	}
	return nil
}

// askOperations needs no token, so that none is sent there.
func (s *status) askOperations(ctx context.Context, via *connection, ops string) error {
	var healthy struct {
		Version string `json:"version"`
	}
	if err := via.get(ctx, ops+"/healthz", &healthy); err != nil {
		return fmt.Errorf("ask for the version: %w", err)
	}
	s.Operations = &statusOperations{Version: healthy.Version}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, ops+"/readyz?verbose", nil)
	if err != nil {
		return fmt.Errorf("ask whether it is ready: %w", err)
	}
	once := *via
	once.retries = 0 // not ready is an answer
	got, err := once.exchange(request)
	if err != nil {
		return fmt.Errorf("ask whether it is ready: %w", err)
	}
	var ready struct {
		Status      string   `json:"status"`
		Store       string   `json:"store"`
		SigningKeys string   `json:"signing_keys"`
		Changes     string   `json:"changes"`
		Warnings    []string `json:"warnings"`
	}
	_ = json.Unmarshal(got.body, &ready) // what is not JSON says no more than its status
	s.Operations.Ready, s.Operations.Warnings = got.status == http.StatusOK, ready.Warnings
	if ready.Changes != "" {
		s.Operations.Warnings = append(s.Operations.Warnings, "changes "+ready.Changes)
	}
	if s.Operations.Ready {
		return nil
	}
	why := ready.Status
	if ready.Store != "" {
		why = "store " + ready.Store
	}
	if ready.SigningKeys != "" {
		why = "no signing keys"
	}
	return &codedError{exitNetwork, fmt.Errorf("the server is not ready: %s", cmp.Or(why, http.StatusText(got.status)))}
}

// get reads a JSON document.
func (c *connection) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	body, _, err := c.send(request)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (s *status) show(w io.Writer) {
	facts := [][2]string{{"Server", s.URL}, {"Issuer", s.Issuer}}
	if s.ClockAheadSeconds != nil {
		clock := "in step with this machine's"
		if ahead := time.Duration(*s.ClockAheadSeconds) * time.Second; ahead.Abs() > allowedSkew {
			clock = clocks(ahead)
		}
		facts = append(facts, [2]string{"Clock", clock})
	}
	for _, key := range s.SigningKeys {
		state := ""
		if key.State != "" {
			state = fmt.Sprintf(", %s, signs from %s", key.State, showTime(key.ActiveFrom))
		}
		facts = append(facts, [2]string{"Signing key", key.KID + " (" + key.Algorithm + ")" + state})
	}
	if key := s.AccessKey; key != nil {
		standing := "does not work"
		switch {
		case key.Works && key.ExpiryKnown:
			standing = "works, expires: " + showTime(key.ExpiresAt)
		case key.Works:
			standing = "works, expires: not within 30 days"
		}
		facts = append(facts, [2]string{"Access key", fmt.Sprintf("%s, from %s, %s", key.ClientID, key.Source, standing)})
	} else if !s.keyGiven {
		facts = append(facts, [2]string{"Access key", "none given"})
	}
	if ops := s.Operations; ops != nil {
		ready := "not ready"
		if ops.Ready {
			ready = "ready"
		}
		facts = append(facts, [2]string{"Version", ops.Version}, [2]string{"Ready", ready})
		for _, warning := range ops.Warnings {
			facts = append(facts, [2]string{"Warning", warning})
		}
	}
	showFacts(w, facts)
}
