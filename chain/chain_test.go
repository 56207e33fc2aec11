package chain_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/chain"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

func TestTamperingWithATrailIsFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		wantWhole(t, o.Store, 0, 0)
		all := record(t, o.Store, 0, 700) // more than one batch, and more than one page
		wantWhole(t, o.Store, 0, 700)
		sealAndSign(t, o.Store, sign)
		all = append(all, record(t, o.Store, 700, 730)...)
		sealAndSign(t, o.Store, sign)
		all = append(all, record(t, o.Store, 730, 740)...)
		report := wantWhole(t, o.Store, 730, 10)
		if report.Number != 2 || len(report.Keys) != 1 || report.Root == "" {
			t.Errorf("signed heads: %+v", report)
		}

		changed, gone := all[4], all[300] // of the tenant, and of the account
		forged := changed
		forged.Details = map[string]string{"label": "nothing to see"}
		o.change(t, "berlin", changed.ID, &forged)
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Changed, Account: "acme", Tenant: "berlin", Event: changed.ID})
		o.change(t, "berlin", changed.ID, &changed)
		wantWhole(t, o.Store, 730, 10)

		o.change(t, "", gone.ID, nil)
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Missing, Account: "acme", Event: gone.ID})
		o.change(t, "", gone.ID, &gone)

		// What is not shown counts too.
		forged = gone
		forged.Payload.Key = &policy.KeyFacts{Label: "other"}
		o.change(t, "", gone.ID, &forged)
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Changed, Account: "acme", Event: gone.ID})
		o.change(t, "", gone.ID, &gone)

		inserted := event(5_000, "berlin")
		o.change(t, "berlin", inserted.ID, &inserted)
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Inserted, Account: "acme", Tenant: "berlin", Event: inserted.ID})
		seal(t, o.Store) // what did not arrive is not sealed
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Inserted, Account: "acme", Tenant: "berlin", Event: inserted.ID})
		o.change(t, "berlin", inserted.ID, nil)
		wantWhole(t, o.Store, 740, 0)
		v := verifier(o.Store)
		v.Account, v.Tenant = "acme", "berlin"
		if chains := verify(t, v).Chains; len(chains) != 1 || chains[0].Tenant != "berlin" || chains[0].Seals != 4 {
			t.Errorf("chains of one tenant: %+v", chains)
		}
	})
}

// forget deletes documents of the chain, as somebody who can write the store could.
func forget(t *testing.T, s store.Store, prefix string) {
	t.Helper()
	names, err := s.DocumentNames(t.Context())
	must(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			must(t, s.UpdateDocument(t.Context(), name, func([]byte) ([]byte, error) { return nil, nil }))
		}
	}
}

func TestAChainMadeAnewIsNotTheOneThatWasSigned(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		all := record(t, o.Store, 0, 9)
		kept := sealAndSign(t, o.Store, sign)[0]
		record(t, o.Store, 9, 12)
		sealAndSign(t, o.Store, sign)
		v := verifier(o.Store)
		v.Outside, v.OutsideHeads = []string{kept.Root, kept.Entries[0].Head}, []chain.Heads{kept, {Number: 0, Root: "older"}}
		if found := verify(t, v).Findings; len(found) > 0 {
			t.Fatalf("findings %+v", found)
		}
		v.Trusted = []string{"another key"}
		if found := verify(t, v).Findings; len(found) < 2 || !strings.Contains(found[0].Text, "which is not trusted") {
			t.Errorf("a key that is not trusted: %+v", found)
		}

		// Without its chain the trail is one that was never sealed, but for what was signed.
		o.change(t, "berlin", all[1].ID, nil)
		forget(t, o.Store, "audit-chain/")
		found := verify(t, verifier(o.Store)).Findings
		if len(found) == 0 || !strings.Contains(found[0].Text, "was signed, and is not there") {
			t.Errorf("findings of a trail without a chain: %+v", found)
		}
		// A server makes a new one.
		seal(t, o.Store)
		found = verify(t, verifier(o.Store)).Findings
		if !slices.ContainsFunc(found, func(f chain.Finding) bool { return f.Text == "seal 1 is not the one that was signed" }) {
			t.Errorf("findings of a chain made anew, and not signed: %+v", found)
		}
		sealAndSign(t, o.Store, sign)
		found = verify(t, verifier(o.Store)).Findings
		if len(found) == 0 || found[0].Kind != chain.Broken {
			t.Errorf("findings of a chain made anew: %+v", found)
		}
		// Without the signed heads only those that are kept outside tell.
		forget(t, o.Store, "audit-chain")
		sealAndSign(t, o.Store, sign)
		v = verifier(o.Store)
		if found := verify(t, v).Findings; len(found) > 0 {
			t.Errorf("findings: %+v", found)
		}
		v.Outside = []string{kept.Root}
		if found := verify(t, v).Findings; len(found) != 1 || !strings.Contains(found[0].Text, kept.Root) {
			t.Errorf("findings with a root from outside: %+v", found)
		}
	})
}

func TestServersSealWhileOthersWrite(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		const writers, each = 4, 60
		var writing, sealing sync.WaitGroup
		done := make(chan struct{})
		for w := range writers {
			writing.Go(func() {
				for i := range each { // of different ages: some arrive late
					e := event((i*37+w*1009)%9_000, []string{"", "berlin"}[i%2])
					e.ID = e.ID[:len(e.ID)-4] + fmt.Sprintf("%02x%02x", w, i)
					if err := write(t.Context(), o.Store, e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 3 {
			sealing.Go(func() {
				for {
					if _, err := chain.Seal(t.Context(), o.Store, "acme", now); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		sealing.Go(func() {
			for {
				report, err := verifier(o.Store).Verify(t.Context())
				// The events are older than a server's would be, so one that is on its way looks inserted to a verifier in a Redis store.
				found := slices.DeleteFunc(report.Findings, func(f chain.Finding) bool { return f.Kind == chain.Inserted })
				if err != nil || len(found) > 0 {
					t.Errorf("findings %+v, error %v", found, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
		writing.Wait()
		close(done)
		sealing.Wait()
		seal(t, o.Store)
		wantWhole(t, o.Store, writers*each, 0)
	})
}

func TestTrimmedTrailIsWhole(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		var all []policy.Event
		for from := 0; from < 2000; from += 400 {
			all = append(all, record(t, o.Store, from, from+400)...)
			sealAndSign(t, o.Store, sign)
		}
		cut := func(from, to int) {
			t.Helper()
			must(t, chain.Cut(t.Context(), o.Store, "acme", all[to-1].ID, now))
			wantFindings(t, o.Store) // killed before anything is deleted
			must(t, o.ForgetEvents(t.Context(), "acme", all[from:to]...))
			wantWhole(t, o.Store, int64(2000-to), 0)
		}
		cut(0, 250)
		cut(250, 1300)
		cut(1300, 1990)
		o.change(t, all[1995].TenantID, all[1995].ID, nil)
		wantFindings(t, o.Store, chain.Finding{Kind: chain.Missing, Account: "acme", Tenant: all[1995].TenantID, Event: all[1995].ID})
		o.change(t, all[1995].TenantID, all[1995].ID, &all[1995])
		record(t, o.Store, 2000, 2010)
		sealAndSign(t, o.Store, sign)
		wantWhole(t, o.Store, 20, 0)

		// What is about deleted events goes away, an hour later at the latest.
		must(t, chain.Cut(t.Context(), o.Store, "acme", all[1995].ID, now))
		must(t, o.ForgetEvents(t.Context(), "acme", all[1990:1996]...))
		must(t, chain.CutHeads(t.Context(), o.Store, now.Add(time.Hour)))
		must(t, chain.CutHeads(t.Context(), o.Store, now.Add(time.Hour)))
		wantWhole(t, o.Store, 14, 0)
		names, err := o.DocumentNames(t.Context())
		must(t, err)
		var pages, heads int
		for _, name := range names {
			if strings.HasPrefix(name, "audit-chain/acme/") {
				pages++
			}
			if strings.HasPrefix(name, "audit-chain-heads/") {
				heads++
			}
		}
		if pages > 2 || heads > 1 {
			t.Errorf("%d pages and %d documents with heads are left, want 2 and 1 at most", pages, heads)
		}
	})
}

// crashing is a store whose server dies before it writes a document.
type crashing struct {
	store.Store
	at string
}

var errCrash = errors.New("crash")

func (c crashing) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	if name == c.at {
		return errCrash
	}
	return c.Store.UpdateDocument(ctx, name, change)
}

func TestKilledSealerLeavesAWholeChain(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		record(t, o.Store, 0, 20)
		seal(t, o.Store)
		record(t, o.Store, 20, 30)
		// The page has the batch, and the trail does not say so.
		if _, err := chain.Seal(t.Context(), crashing{o.Store, "audit-chain/acme"}, "acme", now); !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		wantWhole(t, o.Store, 20, 10)
		record(t, o.Store, 30, 35)
		unsigned := seal(t, o.Store).Unsigned
		wantWhole(t, o.Store, 35, 0)
		for _, at := range []string{"audit-chain-heads", "audit-chain/acme"} {
			if _, err := chain.Sign(t.Context(), crashing{o.Store, at}, now, unsigned, sign); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			wantWhole(t, o.Store, 35, 0)
		}
		sealAndSign(t, o.Store, sign)
		if report := wantWhole(t, o.Store, 35, 0); report.Number != 3 || slices.ContainsFunc(report.Notes, isUnsigned) {
			t.Errorf("%d signed documents, notes %+v", report.Number, report.Notes)
		}
	})
}

func isUnsigned(n chain.Finding) bool { return n.Kind == chain.Unsigned }

func TestChainGoesOnInANewHistory(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		all := record(t, o.Store, 0, 30)
		sealAndSign(t, o.Store, sign)
		o.change(t, all[7].TenantID, all[7].ID, nil) // lost in a failover
		must(t, store.RenewEpoch(t.Context(), o.Store))
		record(t, o.Store, 30, 40)
		if found := verify(t, verifier(o.Store)).Findings; len(found) != 1 || found[0].Event != all[7].ID {
			t.Errorf("findings before the server has looked: %+v", found)
		}
		if lost := seal(t, o.Store).Lost; !slices.Equal(lost, []string{all[7].ID}) {
			t.Errorf("lost: %v, want %s", lost, all[7].ID)
		}
		report := wantWhole(t, o.Store, 39, 0)
		if len(report.Notes) == 0 || report.Notes[0].Kind != chain.Missing || report.Notes[0].Event != all[7].ID {
			t.Errorf("notes %+v", report.Notes)
		}
		record(t, o.Store, 40, 45)
		if lost := seal(t, o.Store).Lost; len(lost) > 0 {
			t.Errorf("lost again: %v", lost)
		}
		wantWhole(t, o.Store, 44, 0)
	})
}

// A restored backup has the chain as it was, and it goes on from there.
func TestRestoredChainGoesOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, o *opened) {
		populate(t, o.Store)
		sign := signer(newRing(t, o.Store))
		record(t, o.Store, 0, 600)
		kept := sealAndSign(t, o.Store, sign)[0]
		record(t, o.Store, 600, 610)
		restored, err := boltstore.Open(filepath.Join(t.TempDir(), "restored.db"))
		must(t, err)
		t.Cleanup(func() { _ = restored.Close() })
		must(t, store.Copy(t.Context(), restored, o.Store))
		before := wantWhole(t, restored, 600, 10).Chains
		record(t, restored, 610, 620)
		sealAndSign(t, restored, signer(newRing(t, restored)))
		wantWhole(t, restored, 620, 0)
		v := verifier(restored)
		v.Outside = []string{kept.Root, kept.Entries[0].Head, kept.Entries[1].Head}
		report := verify(t, v)
		if len(report.Findings) > 0 {
			t.Errorf("findings %+v", report.Findings)
		}
		for i, c := range report.Chains { // no event is sealed again
			if c.Seals != before[i].Seals+1 {
				t.Errorf("chain %+v, want one seal more than %d", c, before[i].Seals)
			}
		}
	})
}

// The digests in a store must be the same for later versions of this program.
func TestDigestStaysTheSame(t *testing.T) {
	e := event(1, "berlin")
	e.Details["note"] = "<é & \u2028>"
	e.Payload = policy.Payload{Revoked: &policy.RevokedTokens{StatusIndexes: []uint64{1, 1<<63 + 1}}, Key: &policy.KeyFacts{PickUp: true}}
	e.Announce = true // says how it is written, and is not part of it
	got, err := chain.Digest(e)
	must(t, err)
	const want = "BDGB1sQ11aZ9p7pJkOvW77mvHPpMJ2sNjJ6DlZhLQdE"
	if got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
