package chain_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/chain"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

var now = time.Date(2026, 11, 26, 10, 30, 0, 0, time.UTC)

// populate makes an account with a tenant.
func populate(t *testing.T, s store.Store) {
	t.Helper()
	must(t, store.BeginHistory(t.Context(), s, time.Hour, now))
	must(t, s.CreateAccount(t.Context(), policy.Account{ID: "acme", Name: "Acme", CreatedAt: now}))
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	must(t, s.CreateTenant(t.Context(), policy.Tenant{ID: "berlin", AccountID: "acme", Name: "Berlin", Release: release}))
	must(t, s.CreateUser(t.Context(), policy.User{ID: "ada", AccountID: "acme", Name: "Ada", Email: "ada@example.com"}))
}

// event number n is a minute older than the one after it.
func event(n int, tenantID string) policy.Event {
	at := now.Add(time.Duration(n-10_000) * time.Minute)
	return policy.Event{
		ID: policy.NewEventID(at, [10]byte{byte(n), byte(n >> 8)}), At: at, Action: policy.ActionKeyCreated,
		AccountID: "acme", TenantID: tenantID, UserID: "ada", Actor: policy.Actor{Via: "api", UserID: "ada"},
		Details: map[string]string{"label": fmt.Sprint("key ", n)},
	}
}

// record writes the events from..to, every third to the account itself and the others with a change in the tenant.
func record(t testing.TB, s store.Store, from, to int) (all []policy.Event) {
	t.Helper()
	for n := from; n < to; n++ {
		e := event(n, "berlin")
		if n%3 == 0 {
			e = event(n, "")
		}
		all = append(all, e)
		must(t, write(t.Context(), s, e))
	}
	return all
}

func write(ctx context.Context, s store.Store, e policy.Event) error {
	if e.TenantID == "" {
		return s.RecordEvents(ctx, e)
	}
	return s.UpdateMembership(ctx, e.TenantID, "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleMember
		return m, []policy.Event{e}, nil
	})
}

func seal(t testing.TB, s store.Store) chain.Sealed {
	t.Helper()
	sealed, err := chain.Seal(t.Context(), s, "acme", now)
	must(t, err)
	return sealed
}

func newRing(t testing.TB, s store.Store) *tokens.KeyRing {
	t.Helper()
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}, TokenLifetime: time.Hour}
	ring, err := tokens.OpenKeyRing(t.Context(), s, options, now)
	must(t, err)
	return ring
}

func signer(ring *tokens.KeyRing) chain.Signer {
	return func(now time.Time, claims chain.Claims) (string, string, error) {
		return ring.SignStatement(now, tokens.ES256, chain.Type, claims)
	}
}

func sealAndSign(t testing.TB, s store.Store, sign chain.Signer) []chain.Heads {
	t.Helper()
	signed, err := chain.Sign(t.Context(), s, now, seal(t, s).Unsigned, sign)
	must(t, err)
	return signed
}

func verifier(s store.Store) chain.Verifier {
	return chain.Verifier{Store: s, Now: now, Signature: func(signature, key string) (claims chain.Claims, thumbprint string, err error) {
		thumbprint, err = tokens.VerifyStatement(signature, key, chain.Type, &claims)
		return claims, thumbprint, err
	}}
}

func verify(t testing.TB, v chain.Verifier) chain.Report {
	t.Helper()
	report, err := v.Verify(t.Context())
	must(t, err)
	return report
}

// wantWhole wants a report without findings, on that many sealed and unsealed events.
func wantWhole(t testing.TB, s store.Store, sealed, unsealed int64) chain.Report {
	t.Helper()
	report := verify(t, verifier(s))
	if len(report.Findings) > 0 {
		t.Errorf("%d findings, the first are %+v", len(report.Findings), report.Findings[:min(3, len(report.Findings))])
	}
	var records, waiting int64
	for _, c := range report.Chains {
		records, waiting = records+c.Records, waiting+c.Unsealed
	}
	if records != sealed || waiting != unsealed {
		t.Errorf("%d sealed and %d unsealed events, want %d and %d", records, waiting, sealed, unsealed)
	}
	return report
}

func wantFindings(t testing.TB, s store.Store, want ...chain.Finding) {
	t.Helper()
	if diff := cmp.Diff(append([]chain.Finding{}, want...), verify(t, verifier(s)).Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
