package server_test

import (
	"testing"

	"mintkey/policy"
)

const thisKey = "/me/v1/key/refresh"

// R30: with "rotate" a key refreshes exactly itself, whatever else it can do, and nothing more.
func TestRotateRefreshesTheKeyItselfAlone(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.newMember()
		rotating, other := w.giveKey(p, "api", "rotate"), w.giveKey(p, "reports", "self")
		token := bearer(w.tokenOf(rotating, "rotate"))

		w.ask(token, "GET", ownKeys, nil).wantCode(403, "insufficient_scope")
		w.ask(token, "POST", ownKeys+"/"+rotating.clientID+"/refresh", nil).wantCode(403, "insufficient_scope")
		w.ask(token, "POST", ownKeys+"/"+other.clientID+"/refresh", nil).wantCode(403, "insufficient_scope")
		w.ask(bearer(w.tokenOf(other, "self")), "POST", thisKey, nil).wantCode(403, "insufficient_scope")
		w.ask(token, "POST", thisKey, `{"overlap_seconds":-1}`).wantCode(422, "invalid_overlap")

		answer := w.ask(token, "POST", thisKey, `{"overlap_seconds":3600}`).want(200)
		if id := answer.peek("client_id"); id != rotating.clientID {
			t.Errorf("%v was refreshed, not %s", id, rotating.clientID)
		}
		w.exchange(rotating).want(200) // the overlap
		w.exchange(other).want(200)
		fresh := rotating
		fresh.secret = answer.created(rotating).secret
		w.exchange(fresh).want(200)

		w.ask(bearer(w.tokenOf(fresh, "rotate")), "POST", thisKey, nil).want(200)
		w.exchange(fresh).wantError(401, "invalid_client")
	})
}

// R30: "self" refreshes a key only if it holds every scope of it, also "rotate".
func TestSelfWithoutRotateDoesNotRefreshAKeyThatRotates(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	rotating, self := w.giveKey(p, "api", "rotate"), w.giveKey(p, "api", "self")
	w.post(self, ownKeys+"/"+rotating.clientID+"/refresh", nil).wantCode(403, "not_grantable")
	w.exchange(rotating).want(200)
}

// R9: a key that refreshes itself doesn't gain the authority that its owner has got since.
func TestRotateDoesNotRaiseTheCeiling(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	key := w.makeKey(w.ada, p, "api", "rotate")
	w.put(w.ada, forge+"/members/"+p.id, `{"role":"tenant_admin"}`).want(200)
	w.ask(bearer(w.tokenOf(key, "rotate")), "POST", thisKey, nil).want(200)
	subject, err := w.store.Subject(w.Context(), "forge", p.id)
	w.must(err)
	after, err := subject.Membership.Key(key.clientID)
	w.must(err)
	if after.Ceiling != policy.RoleMember {
		t.Errorf("a member's key has the ceiling %s", after.Ceiling)
	}
}
