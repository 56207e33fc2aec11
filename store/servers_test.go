package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/store"
)

func stamped(t *testing.T, s store.Store, id string, schema int, at time.Time) map[string]store.ServerStamp {
	t.Helper()
	servers, err := store.Stamp(t.Context(), s, id, store.ServerStamp{Version: "v1", Schema: schema, SeenAt: at})
	if err != nil {
		t.Fatal(err)
	}
	return servers
}

func TestServersAreSeenForAMinute(t *testing.T) {
	s := newBolt(t)
	stamped(t, s, "old", 2, upgradedAt)
	both := stamped(t, s, "new", 3, upgradedAt.Add(59*time.Second))
	if len(both) != 2 || store.AllServersAtLeast(both, 3) || !store.AllServersAtLeast(both, 2) {
		t.Errorf("two servers: %+v", both)
	}
	left := stamped(t, s, "new", 3, upgradedAt.Add(60*time.Second))
	want := map[string]store.ServerStamp{"new": {Version: "v1", Schema: 3, SeenAt: upgradedAt.Add(60 * time.Second)}}
	if diff := cmp.Diff(want, left); diff != "" || !store.AllServersAtLeast(left, 3) {
		t.Errorf("a server that was silent for a minute counts (-want +got):\n%s", diff)
	}
	if err := store.Unstamp(t.Context(), s, "new"); err != nil {
		t.Fatal(err)
	}
	if alone := stamped(t, s, "other", 2, upgradedAt.Add(time.Minute)); len(alone) != 1 {
		t.Errorf("a server that has stopped counts: %+v", alone)
	}
}

func TestCheckSchema(t *testing.T) {
	s := newBolt(t)
	present := map[string]store.ServerStamp{"a": {Schema: store.SchemaVersion}}
	if err := store.CheckSchema(t.Context(), s, present); err != nil {
		t.Error(err)
	}
	later := map[string]store.ServerStamp{"a": {Schema: store.SchemaVersion + 1}}
	if err := store.CheckSchema(t.Context(), s, later); !errors.Is(err, store.ErrSchemaTooNew) {
		t.Errorf("a later server: %v", err)
	}
	if err := s.SetSchemaVersion(t.Context(), store.SchemaVersion+1); err != nil {
		t.Fatal(err)
	}
	if err := store.CheckSchema(t.Context(), s, nil); !errors.Is(err, store.ErrSchemaTooNew) {
		t.Errorf("later data: %v", err)
	}
}

// While the gate is shut every change fails and reading goes on.
func TestGate(t *testing.T) {
	g := store.NewGate(newBolt(t))
	ctx := t.Context()
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func() error{
		"CreateAccount": func() error { return g.CreateAccount(ctx, policy.Account{ID: "acme"}) },
		"CreateTenant": func() error {
			return g.CreateTenant(ctx, policy.Tenant{ID: "load", AccountID: "acme", Release: release})
		},
		"CreateUser": func() error {
			return g.CreateUser(ctx, policy.User{ID: "ada", AccountID: "acme", Email: "ada@example.com"})
		},
		"UpdateAccount": func() error {
			return g.UpdateAccount(ctx, "acme", func(a policy.Account) (policy.Account, []policy.Event, error) { return a, nil, nil })
		},
		"UpdateTenant": func() error {
			return g.UpdateTenant(ctx, "load", func(t policy.Tenant) (policy.Tenant, []policy.Event, error) { return t, nil, nil })
		},
		"UpdateUser": func() error {
			return g.UpdateUser(ctx, "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) { return u, nil, nil })
		},
		"UpdateMembership": func() error {
			return g.UpdateMembership(ctx, "load", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				return m, nil, nil
			})
		},
		"UpdateDocument": func() error {
			return g.UpdateDocument(ctx, "x", func([]byte) ([]byte, error) { return []byte("{}"), nil })
		},
		"DeleteUser": func() error { return g.DeleteUser(ctx, "acme", "ada") },
	}
	g.Set(store.ErrSchemaTooNew)
	for name, change := range changes {
		if err := change(); !errors.Is(err, store.ErrSchemaTooNew) {
			t.Errorf("%s through a shut gate: %v", name, err)
		}
	}
	if _, err := g.Accounts(ctx, store.Page{Limit: 1}); err != nil {
		t.Errorf("reading through a shut gate: %v", err)
	}
	g.Set(nil)
	for _, name := range []string{
		"CreateAccount", "CreateTenant", "CreateUser", "UpdateAccount", "UpdateTenant", "UpdateUser", "UpdateMembership", "UpdateDocument",
		"DeleteUser",
	} {
		if err := changes[name](); err != nil {
			t.Errorf("%s through an open gate: %v", name, err)
		}
	}
}
