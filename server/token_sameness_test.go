package server_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// From outside, an unknown client looks like one with a wrong secret, with a revoked or expired key, or with a disabled owner (R24).
func TestRefusedClientsLookTheSame(t *testing.T) {
	onEachStore(t, func(w *world) {
		unknown, wrong := w.mia, w.mia
		unknown.clientID = policy.NewClientID([16]byte{1}, "mk_", "")
		wrong.secret = w.tom.secret
		want := w.lookOfRefusal(unknown)
		same := func(name string, p person) {
			if diff := cmp.Diff(want, w.lookOfRefusal(p)); diff != "" {
				w.Errorf("%s (-unknown +%s):\n%s", name, name, diff)
			}
			p.secret = w.olga.secret
			if diff := cmp.Diff(want, w.lookOfRefusal(p)); diff != "" {
				w.Errorf("%s, with a wrong secret (-unknown +got):\n%s", name, diff)
			}
		}
		same("wrong secret", wrong)

		w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+w.tom.clientID).want(204)
		same("revoked", w.tom)
		w.patch(w.ada, "/admin/v1/accounts/acme/users/max", `{"disabled":true}`).want(200)
		same("disabled owner", w.max)
		w.delete(w.gus, "/admin/v1/tenants/dome/members/gil").want(204)
		same("removed owner", w.gil)
		w.delete(w.ada, "/admin/v1/accounts/acme/users/mia").want(204)
		same("deleted owner", w.mia)
		w.disableInStore(w.gus)
		same("disabled owner whose access key a crash left alive", w.gus)
		w.clock.advance(90 * policy.Day)
		same("expired", w.ada)
	})
}

// lookOfRefusal is all that a client sees of its refusal, but for the request ID.
func (w *world) lookOfRefusal(p person) string {
	w.Helper()
	a := w.exchange(p).wantError(401, "invalid_client")
	a.header.Del("X-Request-Id")
	var text strings.Builder
	w.must(a.header.Write(&text))
	return text.String() + a.body
}

// disableInStore disables a user and leaves the access keys, as a crash between the two would.
func (w *world) disableInStore(p person) {
	w.Helper()
	w.must(w.store.UpdateUser(w.Context(), p.account, p.id, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Disabled = true
		return u, nil, nil
	}))
}
