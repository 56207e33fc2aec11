package usage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/logs"
	"mintkey/policy"
	"mintkey/server/usage"
	"mintkey/store"
	"mintkey/store/boltstore"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// broken fails to save anything while it is switched on.
type broken struct {
	store.Store
	on      bool
	members int // how often some were read
}

func (b *broken) MembershipsByID(ctx context.Context, tenantID string, ids []string) (map[string]policy.Membership, error) {
	b.members++
	return b.Store.MembershipsByID(ctx, tenantID, ids)
}

var errBroken = errors.New("broken")

func (b *broken) RecordTraffic(ctx context.Context, counts map[store.TrafficKey]store.TrafficCounts) error {
	if b.on {
		return errBroken
	}
	return b.Store.RecordTraffic(ctx, counts)
}

func (b *broken) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	if b.on {
		return errBroken
	}
	return b.Store.UpdateDocument(ctx, name, change)
}

// known says that acme has every client.
type known struct{}

func (known) OwnerOf(context.Context, string) (admin.KeyOwner, bool, error) {
	return admin.KeyOwner{AccountID: "acme", TenantID: "forge", UserID: "mia"}, false, nil
}

// uncounted counts nothing.
type uncounted struct{}

func (uncounted) ClientRefused(store.Outcome, int) {}
func (uncounted) SignInRefused(string)             {}
func (uncounted) SignedIn(string)                  {}

func newUsage(t *testing.T) (*usage.Usage, *broken, *bytes.Buffer) {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	saved, log := &broken{Store: opened}, &bytes.Buffer{}
	isClientID := func(text string) bool { return policy.IsClientID(text, "mk_", "") }
	return usage.New(saved, known{}, isClientID, uncounted{}, slog.New(slog.NewTextHandler(log, nil)), logs.NewOutages()), saved, log
}

func keyOf(clientID string) store.TrafficSource {
	return store.TrafficSource{AccountID: "acme", TenantID: "forge", ClientID: clientID}
}

// While the store is unavailable, the buffer is bounded, losses are logged, and the rest is saved later, exactly once.
func TestTrafficIsBounded(t *testing.T) {
	u, saved, log := newUsage(t)
	saved.on = true
	const room, more = 100_000, 7
	for i := range room + more {
		u.Traffic.Note(keyOf(fmt.Sprintf("mk_%d", i)), noon, store.TokenIssued, 1)
	}
	u.Traffic.Note(keyOf("mk_0"), noon, store.TokenIssued, 1) // waits already, so there is room
	u.Flush(t.Context(), noon)
	if !strings.Contains(log.String(), "dropped=7") {
		t.Errorf("the log does not say how much was lost: %s", log)
	}
	u.Traffic.Note(keyOf("mk_0"), noon, store.RefusedExpired, 1)
	saved.on = false
	u.Flush(t.Context(), noon)
	u.Flush(t.Context(), noon)
	span := store.TrafficSpan{From: noon, Step: store.TrafficMinutes, Steps: 1}
	for client, want := range map[string]store.TrafficCounts{
		"mk_0": {store.TokenIssued: 2, store.RefusedExpired: 1}, "mk_1": {store.TokenIssued: 1}, "mk_100001": {},
	} {
		got, err := saved.Traffic(t.Context(), keyOf(client), span)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, %v, want %v", client, got, err, want)
		}
	}
}

// A password login that could not be saved is saved later, together with those since then.
func TestLoginsWait(t *testing.T) {
	u, saved, _ := newUsage(t)
	newMill(t, saved)("pia")
	saved.on = true
	u.Logins.Note("mill", "pia", "192.0.2.1", noon)
	u.Flush(t.Context(), noon)
	u.Logins.Note("mill", "pia", "192.0.2.2", noon.Add(time.Second))
	saved.on = false
	u.Flush(t.Context(), noon)
	u.Logins.Note("mill", "pia", "192.0.2.3", noon.Add(2*time.Second))
	uses, err := u.Logins.Of(t.Context(), "mill")
	want := store.PasswordUse{LastAt: noon.Add(2 * time.Second), Count: 3, Address: "192.0.2.3"}
	if err != nil || uses["pia"] != want {
		t.Errorf("got %+v, %v, want %+v", uses["pia"], err, want)
	}
}

// Refusals of one client for one reason become one event a minute, and the number of events is bounded however many clients there are:
// guessing can't fill the store.
func TestRefusalsAreBounded(t *testing.T) {
	u, saved, _ := newUsage(t)
	events := func() (found []policy.Event) {
		t.Helper()
		found, err := saved.Events(t.Context(), "acme", store.EventsQuery{Limit: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for second := range 3 {
		at := noon.Add(time.Duration(second) * time.Second)
		u.Refusals.Note("mk_1", "192.0.2.1", store.RefusedWrongSecret, at)
		u.Refusals.Note("mk_1", "192.0.2.1", store.RefusedWrongSecret, at)
		u.Flush(t.Context(), at)
	}
	if found := events(); len(found) != 1 || found[0].Details["count"] != "2" || found[0].Details["reason"] != "wrong_secret" {
		t.Errorf("within a minute: %+v", found)
	}
	u.Flush(t.Context(), noon.Add(time.Minute))
	if found := events(); len(found) != 2 || found[0].Details["count"] != "4" {
		t.Errorf("after a minute: %+v", found)
	}
	later := noon.Add(time.Hour)
	for batch := range 3 {
		for i := range 6_000 {
			u.Refusals.Note(fmt.Sprintf("mk_%d_%d", batch, i), "192.0.2.1", store.RefusedWrongSecret, later)
		}
		u.Flush(t.Context(), later)
	}
	if found := len(events()); found != 2+10_000 {
		t.Errorf("%d events", found)
	}
}

// What is typed in place of a client ID may be a password. The log has a mark of it, which is the same within a process and of no use to
// whoever tries passwords on the log.
func TestUnknownClientIDsAreMarked(t *testing.T) {
	one, _, _ := newUsage(t)
	other, _, _ := newUsage(t)
	const typed = "correct horse"
	mark := one.Refusals.LoggedClientID(typed)
	sum := sha256.Sum256([]byte(typed))
	switch {
	case mark != one.Refusals.LoggedClientID(typed):
		t.Error("one text has two marks")
	case mark == one.Refusals.LoggedClientID("battery staple"):
		t.Error("two texts have one mark")
	case mark == other.Refusals.LoggedClientID(typed):
		t.Errorf("another process has the same mark, %q", mark)
	case strings.Contains(mark, hex.EncodeToString(sum[:4])) || strings.Contains(mark, "horse"):
		t.Errorf("the mark %q can be guessed at", mark)
	}
}
