package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redistest"
)

// knownKey is an access key of testdata/v1/known.json.
type knownKey struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	TenantID     string `json:"tenant_id"`
}

func readV1(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "v1", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var text bytes.Buffer
	if !strings.HasSuffix(name, ".gz") {
		_, err = text.ReadFrom(file)
	} else if unzip, zipErr := gzip.NewReader(file); zipErr != nil {
		err = zipErr
	} else {
		_, err = text.ReadFrom(unzip)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func knownKeys(t *testing.T) map[string]knownKey {
	t.Helper()
	var known struct {
		Keys map[string]knownKey `json:"keys"`
	}
	if err := json.Unmarshal(readV1(t, "known.json"), &known); err != nil {
		t.Fatal(err)
	}
	return known.Keys
}

// boltV1 opens a fresh copy of a bolt file of version 1.
func boltV1(t *testing.T, name string) store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mintkey.db")
	if err := os.WriteFile(path, readV1(t, name), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func redisV1(t *testing.T) store.Store {
	t.Helper()
	return openRedis(t, redisServerV1(t).URL())
}

// redisServerV1 fills a Redis with the commands that made one of version 1.
func redisServerV1(t *testing.T) *redistest.Server {
	t.Helper()
	server := redistest.Start(t)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for line := range bytes.Lines(readV1(t, "redis.jsonl.gz")) {
		var command []any
		if err := json.Unmarshal(line, &command); err != nil {
			t.Fatal(err)
		}
		if err := client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

var upgradedAt = time.Date(2026, time.November, 26, 0, 0, 0, 0, time.UTC)

func TestUpgradeOfVersionOne(t *testing.T) {
	for name, open := range map[string]func(*testing.T) store.Store{
		"bolt":   func(t *testing.T) store.Store { t.Helper(); return boltV1(t, "store.db.gz") },
		"backup": func(t *testing.T) store.Store { t.Helper(); return boltV1(t, "backup.db.gz") },
		"redis":  redisV1,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			planned, err := store.Upgrade(t.Context(), s, upgradedAt, true)
			if err != nil {
				t.Fatal(err)
			}
			if version, err := s.SchemaVersion(t.Context()); err != nil || version != 1 {
				t.Fatalf("version %d, %v after a dry run, want 1", version, err)
			}
			did, err := store.Upgrade(t.Context(), s, upgradedAt, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(planned, did); diff != "" {
				t.Errorf("the dry run announced otherwise (-planned +did):\n%s", diff)
			}
			leon := knownKeys(t)["leon"]
			want := store.UpgradeReport{
				From: 1, To: 2, Users: 5, Memberships: 6, AccessKeys: 7, Sessions: 1, Links: 1,
				Above: []store.KeyAbove{{
					KeyLocation: store.KeyLocation{TenantID: "racoon", UserID: "leon", ClientID: leon.ClientID},
					Ceiling:     policy.RoleMember, Scopes: []string{policy.ScopeUsersWrite, policy.ScopeKeysWrite},
				}},
			}
			if diff := cmp.Diff(want, did); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			wantUpgraded(t, s)
			again, err := store.Upgrade(t.Context(), s, upgradedAt, false)
			if diff := cmp.Diff(store.UpgradeReport{From: 2, To: 2}, again); err != nil || diff != "" {
				t.Errorf("a second upgrade: %v\n%s", err, diff)
			}
		})
	}
}

// The change feeds of version 1 were streams, which take over 4 kB each, and nothing reads them any more.
func TestUpgradeDropsOldFeeds(t *testing.T) {
	server := redisServerV1(t)
	if old := server.Do("KEYS", "mintkey:{*}:changes"); !strings.Contains(old, "changes") {
		t.Fatalf("version 1 has no feeds: %q", old)
	}
	if _, err := store.Upgrade(t.Context(), openRedis(t, server.URL()), upgradedAt, false); err != nil {
		t.Fatal(err)
	}
	if left := server.Do("KEYS", "mintkey:{*}:changes"); strings.Contains(left, "changes") {
		t.Errorf("after the upgrade: %q", left)
	}
}

// wantUpgraded checks everything that an upgrade promises, however often it was interrupted.
func wantUpgraded(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	if version, err := s.SchemaVersion(ctx); err != nil || version != store.SchemaVersion {
		t.Errorf("version %d, %v", version, err)
	}
	ceilings := map[string]policy.Role{}
	for name, key := range knownKeys(t) {
		subject, err := s.SubjectByClientID(ctx, key.ClientID)
		if name == "gone" {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the revoked key: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if u, m := subject.User, subject.Membership; u.Kind != policy.KindPerson || u.Generation == "" || m.UserGeneration != u.Generation {
			t.Errorf("%s: kind %q, generation %q, of the membership %q", name, u.Kind, u.Generation, m.UserGeneration)
		}
		stored, err := subject.Membership.Key(key.ClientID)
		if err != nil {
			t.Fatal(name, err)
		}
		ceilings[name] = stored.Ceiling
		found, err := s.KeysByDigestPrefix(ctx, policy.ClientSecretFromRequest(key.ClientSecret).Digest().Prefix())
		if diff := cmp.Diff([]string{key.ClientID}, found); err != nil || diff != "" {
			t.Errorf("%s by its digest: %v\n%s", name, err, diff)
		}
	}
	want := map[string]policy.Role{
		"ada": policy.RoleOperator, "ada_munich": policy.RoleOperator, "uma": policy.RoleOperator,
		"bob": policy.RoleMember, "bob_overlap": policy.RoleMember, "leon": policy.RoleMember, "expired": policy.RoleMember,
	}
	if diff := cmp.Diff(want, ceilings); diff != "" {
		t.Errorf("ceilings (-want +got):\n%s", diff)
	}
	wantEphemera(t, s)
	wantOneCeilingEvent(t, s)
	epoch, high, lifetime, err := store.History(ctx, s)
	if err != nil || epoch.ID == "" || !high.At.Equal(upgradedAt) || lifetime.Seconds != 86400 || !lifetime.Since.Equal(upgradedAt) {
		t.Errorf("history: %+v %+v %+v %v", epoch, high, lifetime, err)
	}
}

func wantEphemera(t *testing.T, s store.Store) {
	t.Helper()
	var kinds []string
	err := s.EachEphemeral(t.Context(), func(key string, _ []byte, _ time.Time) error {
		kind, _, _ := strings.Cut(key, "/")
		kinds = append(kinds, kind)
		return nil
	})
	if diff := cmp.Diff([]string{"grave"}, kinds); err != nil || diff != "" {
		t.Errorf("ephemera: %v\n%s", err, diff)
	}
}

func wantOneCeilingEvent(t *testing.T, s store.Store) {
	t.Helper()
	events, err := s.Events(t.Context(), "umbrella", store.EventsQuery{Limit: 100, Since: upgradedAt})
	want := []policy.Event{{
		At: upgradedAt, Action: policy.ActionKeyCeilingSet, Actor: policy.Actor{Via: "command"}, AccountID: "umbrella", TenantID: "racoon",
		UserID: "leon", ClientID: knownKeys(t)["leon"].ClientID,
		Details: map[string]string{"ceiling": "member", "scopes_above": "users:write keys:write"},
	}}
	if diff := cmp.Diff(want, events, cmpopts.IgnoreFields(policy.Event{}, "ID")); err != nil || diff != "" {
		t.Errorf("events of the upgrade: %v\n%s", err, diff)
	}
}

// failing fails the write with the given number, and all after it, as if the process had been killed there.
type failing struct {
	store.Store

	left int
}

var errKilled = errors.New("killed")

func (f *failing) write(do func() error) error {
	if f.left--; f.left < 0 {
		return errKilled
	}
	return do()
}

func (f *failing) UpdateUser(
	ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error),
) error {
	return f.write(func() error { return f.Store.UpdateUser(ctx, accountID, id, change) })
}

func (f *failing) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	return f.write(func() error { return f.Store.UpdateMembership(ctx, tenantID, userID, change) })
}

func (f *failing) DeleteEphemeral(ctx context.Context, key string) error {
	return f.write(func() error { return f.Store.DeleteEphemeral(ctx, key) })
}

func (f *failing) UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	return f.write(func() error { return f.Store.UpdateDocument(ctx, name, change) })
}

func (f *failing) SetSchemaVersion(ctx context.Context, version int) error {
	return f.write(func() error { return f.Store.SetSchemaVersion(ctx, version) })
}

// An upgrade that is cut off at any of its writes, and repeated, ends like one that was not.
func TestUpgradeIsRepeatable(t *testing.T) {
	writes := 0
	for done := false; !done; writes++ {
		s := boltV1(t, "store.db.gz")
		_, err := store.Upgrade(t.Context(), &failing{s, writes}, upgradedAt, false)
		if done = err == nil; !done && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if version, err := s.SchemaVersion(t.Context()); err != nil || !done && version != 1 {
			t.Fatalf("version %d, %v after %d writes", version, err, writes)
		}
		if _, err := store.Upgrade(t.Context(), s, upgradedAt, false); err != nil {
			t.Fatal(err)
		}
		wantUpgraded(t, s)
		if t.Failed() {
			t.Fatalf("after an upgrade that was cut off after %d writes", writes)
		}
	}
	if want := 5 + 6 + 2 + 3 + 1; writes-1 != want {
		t.Errorf("the upgrade took %d writes, want %d", writes-1, want)
	}
}
