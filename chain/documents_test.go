package chain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/chain"
	"mintkey/policy"
)

// Whoever changes an event can change its digest in the chain too.
func TestTamperingWithTheChainIsFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		all := record(t, o.Store, 0, 510) // on two pages
		sealAndSign(t, o.Store, sign)
		record(t, o.Store, 510, 520)
		sealAndSign(t, o.Store, sign)
		const firstPage, firstHeads = "audit-chain/acme/0000000001", "audit-chain-heads/0000000001"
		forged := all[1]
		forged.UserID = "bob"
		digest := func(e policy.Event) string {
			digest, err := chain.Digest(e)
			must(t, err)
			return digest
		}
		o.change(t, "berlin", forged.ID, &forged)
		for name, row := range map[string]struct{ document, old, new, want string }{
			"digest in a page": {firstPage, digest(all[1]), digest(forged), "seal 1 does not follow"},
			"page":             {firstPage, "", "", "page 1 of the chain is not there"},
			"heads":            {firstHeads, `"tenant":"berlin"`, `"tenant":"munich"`, "document 1 with signed heads was changed"},
			"root of heads":    {firstHeads, `"number":1`, `"number":3`, "document 1 with signed heads was changed"},
			"signature":        {firstHeads, `"signature":"`, `"signature":"x`, "document 1 with signed heads has no valid signature"},
			"signed heads":     {firstHeads, "", "", "document 1 with signed heads is not there"},
			"head":             {"audit-chain/acme", `"head":"`, `"head":"x`, "is not the one at which the chain goes on"},
			"last root":        {"audit-chain-heads", `"root":"`, `"root":"x`, "the last document with signed heads is another one"},
		} {
			var before []byte
			must(t, o.UpdateDocument(t.Context(), row.document, func(text []byte) ([]byte, error) {
				if before = slices.Clone(text); row.old == "" {
					return nil, nil
				}
				return []byte(strings.Replace(string(text), row.old, row.new, 1)), nil
			}))
			found := verify(t, verifier(o.Store)).Findings
			if !slices.ContainsFunc(found, func(f chain.Finding) bool { return f.Kind == chain.Broken && strings.Contains(f.Text, row.want) }) {
				t.Errorf("%s: findings %+v, want %q", name, found[:min(3, len(found))], row.want)
			}
			must(t, o.UpdateDocument(t.Context(), row.document, func([]byte) ([]byte, error) { return before, nil }))
		}
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Changed, Account: "acme", Tenant: "berlin", Event: forged.ID})
	})
}

// An event that says that it is old, and arrives now, is noted.
func TestLateEventIsNoted(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		at := func(minutes int) { // seals then what was just recorded
			t.Helper()
			_, err := chain.Seal(t.Context(), o.Store, "acme", now.Add(time.Duration(minutes-10_000)*time.Minute))
			must(t, err)
		}
		record(t, o.Store, 0, 300) // from before the first seal
		at(300)
		record(t, o.Store, 290, 360)
		late := record(t, o.Store, 120, 121)
		late[0].ID = strings.TrimSuffix(late[0].ID, "0") + "1"
		must(t, write(t.Context(), o.Store, late[0]))
		at(360)
		report := verify(t, verifier(o.Store))
		var noted []string
		for _, n := range report.Notes {
			if n.Kind == chain.Late {
				noted = append(noted, n.Event)
			}
		}
		if len(report.Findings) > 0 || !slices.Equal(noted, []string{late[0].ID}) {
			t.Errorf("late: %v, want %s; findings %+v", noted, late[0].ID, report.Findings)
		}
	})
}

// A store that has several accounts has chains of each, and its signed heads come in several documents.
func TestHeadsOfManyTenantsAreSigned(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		const tenants = 1100
		var events []policy.Event
		for n := range tenants { // a tenant need not exist to be named
			e := event(n, fmt.Sprint("t", n))
			events = append(events, e)
		}
		must(t, o.RecordEvents(t.Context(), events...))
		must(t, o.CreateAccount(t.Context(), policy.Account{ID: "other", Name: "Other"}))
		e := event(1, "")
		e.AccountID = "other"
		must(t, o.RecordEvents(t.Context(), e))
		sign := signer(newRing(t, o.Store))
		if signed := sealAndSign(t, o.Store, sign); len(signed) != 2 {
			t.Errorf("%d documents, want 2", len(signed))
		}
		if again := sealAndSign(t, o.Store, sign); len(again) > 0 {
			t.Errorf("%d documents although nothing is new", len(again))
		}
		wantWhole(t, o.Store, tenants, 1)
		sealed, err := chain.Seal(t.Context(), o.Store, "other", now)
		must(t, err)
		if _, err := chain.Sign(t.Context(), o.Store, now, sealed.Unsigned, sign); err != nil {
			t.Fatal(err)
		}
		if report := wantWhole(t, o.Store, tenants+1, 0); report.Number != 3 || len(report.Chains) != tenants+1 {
			t.Errorf("%d chains, document %d", len(report.Chains), report.Number)
		}
	})
}
