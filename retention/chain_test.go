package retention_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/chain"
	"mintkey/policy"
	"mintkey/retention"
	"mintkey/store"
	"mintkey/tokens"
)

func findings(t *testing.T, s store.Store, outside ...string) []chain.Finding {
	t.Helper()
	report, err := chain.Verifier{
		Store: s, Now: now, Outside: outside, Signature: func(signature, key string) (claims chain.Claims, thumbprint string, err error) {
			thumbprint, err = tokens.VerifyStatement(signature, key, chain.Type, &claims)
			return claims, thumbprint, err
		},
	}.Verify(t.Context())
	must(t, err)
	return report.Findings
}

// verifying is a store whose trail is whole whenever it is told to forget events, and when it has.
type verifying struct {
	store.Store

	t *testing.T
}

func (v verifying) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	v.t.Helper()
	for _, some := range [][]policy.Event{nil, events} {
		must(v.t, v.Store.ForgetEvents(ctx, accountID, some...))
		if found := findings(v.t, v.Store); len(found) > 0 {
			v.t.Errorf("%d findings after %d of %d events were deleted, the first: %+v", len(found), len(some), len(events), found[0])
		}
	}
	return nil
}

func TestTrailIsSealedBeforeItIsTrimmed(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		folder := filepath.Join(t.TempDir(), "archive")
		all := age(t, s, 0, 10, 29, 30, 31, 45, 200)
		options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.EdDSA}, TokenLifetime: time.Hour}
		ring, err := tokens.OpenKeyRing(t.Context(), s, options, now)
		must(t, err)
		var log bytes.Buffer
		k := keeper(verifying{s, t}, 100*policy.Day)
		k.Log = slog.New(slog.NewJSONHandler(&log, nil))
		k.Archive = &retention.Archive{Folder: folder, After: 30 * policy.Day}
		k.Sign = func(now time.Time, claims chain.Claims) (string, string, error) {
			return ring.SignStatement(now, tokens.EdDSA, chain.Type, claims)
		}
		must(t, k.Tick(t.Context(), now))
		if left := inStore(t, s); len(left) >= len(all) {
			t.Errorf("%d of %d events are left", len(left), len(all))
		}
		var line struct{ Msg, Root string }
		must(t, json.Unmarshal(log.Bytes(), &line))
		file, err := os.ReadFile(filepath.Join(folder, "heads-2026-11-26.jsonl"))
		must(t, err)
		if line.Msg != "audit heads signed" || line.Root == "" || !strings.Contains(string(file), line.Root) {
			t.Errorf("log %s, file %s", log.String(), file)
		}
		if found := findings(t, s, line.Root); len(found) > 0 {
			t.Errorf("findings %+v", found)
		}

		// There is nothing new, so nothing is signed. Later the file of the heads is old too.
		log.Reset()
		must(t, k.Tick(t.Context(), now.Add(time.Hour)))
		if log.Len() > 0 {
			t.Errorf("log %s", log.String())
		}
		k.Agreed = func(context.Context) (time.Time, bool) { return now.Add(102 * policy.Day), true }
		must(t, k.Tick(t.Context(), now.Add(102*policy.Day)))
		if _, err := os.Stat(filepath.Join(folder, "heads-2026-11-26.jsonl")); !os.IsNotExist(err) {
			t.Errorf("the file with old heads: %v", err)
		}
		if found := findings(t, s); len(found) > 0 {
			t.Errorf("findings %+v", found)
		}
	})
}

// Events are sealed by whichever clock, and what was not done before its time was over goes on where it ended.
func TestTrailIsSealedThoughClocksDisagree(t *testing.T) {
	onEachStore(t, func(t *testing.T, s store.Store) {
		all := age(t, s, 0, 300)
		k := keeper(s, 100*policy.Day)
		k.Agreed = func(context.Context) (time.Time, bool) { return now, false }
		if err := k.Tick(t.Context(), now); err == nil {
			t.Error("nobody is told that the clocks do not agree")
		}
		must(t, s.ForgetEvents(t.Context(), "acme", policy.Event{ID: all[0], AccountID: "acme"}))
		if found := findings(t, s); len(found) != 1 || found[0].Kind != chain.Missing || found[0].Event != all[0] {
			t.Errorf("findings %+v, want that %s is missing", found, all[0])
		}
		k.Agreed = func(context.Context) (time.Time, bool) { return now, true }
		must(t, k.Tick(t.Context(), now.Add(10*time.Minute)))
		if got := len(inStore(t, s)); got != 3 {
			t.Errorf("%d events are left when the clocks agree, want 3", got)
		}
	})
}
