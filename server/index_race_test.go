package server_test

import (
	"context"
	"path/filepath"
	"testing"

	"mintkey/server"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// interrupted is a store in which something happens once, just before a membership is changed.
type interrupted struct {
	store.Store
	once func()
}

func (i *interrupted) UpdateMembership(
	ctx context.Context, tenantID, userID string, change store.MembershipChange,
) error {
	if once := i.once; once != nil {
		i.once = nil
		once()
	}
	return i.Store.UpdateMembership(ctx, tenantID, userID, change)
}

// The first token after a disabling, or from a password, gets a new status index. What ends the key or the password at that very moment
// can't name that index to gateways, so there must be no token (R5, R8, R27).
func TestNoTokenOfWhatEndsAsItsIndexIsMade(t *testing.T) {
	const path = acmeUsers + "/pia"
	disabled := func(w *world) { w.patch(w.ada, path, `{"disabled":true}`).want(200) }
	for name, row := range map[string]struct {
		end   func(w *world, key person)
		byKey bool
		want  string
	}{
		"password changed": {
			end:  func(w *world, _ person) { w.patch(w.ada, path, `{"password":"another horse battery"}`).want(200) },
			want: "invalid_grant",
		},
		"password changed, and used": {
			end: func(w *world, _ person) {
				w.patch(w.ada, path, `{"password":"another horse battery"}`).want(200)
				w.postForm(login("mill", "pia", "another horse battery")).want(200)
			},
			want: "invalid_grant",
		},
		"user disabled, password": {end: func(w *world, _ person) { disabled(w) }, want: "invalid_grant"},
		"user disabled, key":      {end: func(w *world, _ person) { disabled(w) }, byKey: true, want: "invalid_client"},
		"key revoked": {
			end: func(w *world, key person) { w.delete(w.max, "/admin/v1/tenants/mill/keys/"+key.clientID).want(204) }, byKey: true,
			want: "invalid_client",
		},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
			if err != nil {
				t.Fatal(err)
			}
			during := &interrupted{Store: opened}
			w := newWorldOn(t, opened, func(o *server.Options) { o.Store = during })
			key := w.makeKey(w.max, w.withPassword("pia", "mill"), "api")
			disabled(w)
			w.patch(w.ada, path, `{"disabled":false}`).want(200)
			values := login("mill", "pia", password)
			if row.byKey {
				values = form{"grant_type": {"client_credentials"}, "client_id": {key.clientID}, "client_secret": {key.secret}}
			}
			during.once = func() { row.end(w, key) }
			if got := w.postForm(values); got.status == 200 || got.field("error") != row.want {
				t.Errorf("answered %d %s, want %s", got.status, got.body, row.want)
			}
		})
	}
}
