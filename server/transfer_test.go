package server_test

import (
	"slices"
	"strings"
	"testing"

	"mintkey/policy"
)

func (w *world) transfer(by caller, p person, to string) answer {
	w.Helper()
	return w.post(by, keyPath(p, "transfer"), map[string]string{"user_id": to})
}

// A key changes hands with its secret, and its tokens end, because they name the owner until then.
func TestTransfer(t *testing.T) {
	onEachStore(t, func(w *world) {
		next := w.newMember()
		token := w.tokenOf(w.mia, "")
		w.announced()
		if owner := w.transfer(w.tom, w.mia, next.id).want(200).field("user_id"); owner != next.id {
			w.Errorf("the key is %s's", owner)
		}
		events := w.announced()
		var told []string
		for _, event := range events {
			told = append(told, string(event.Action)+" "+event.UserID)
		}
		slices.Sort(told)
		want := []string{"key.transferred " + next.id, "key.transferred mia"}
		if slices.Sort(want); !slices.Equal(told, want) {
			w.Errorf("told %q, want %q", told, want)
		}
		if w.introspect(w.tom, token).want(200).body != inactive {
			w.Error("a token that names the owner until then lives")
		}
		claims := w.claims(w.exchange(w.mia).want(200).field("access_token"))
		if claims.UserID != next.id {
			w.Errorf("a new token names %s", claims.UserID)
		}
		w.get(w.tom, forgeKeys+"?user_id=mia").want(200)
		if ids, _ := w.get(w.tom, forgeKeys+"?user_id=mia").values("client_id"); len(ids) != 0 {
			w.Errorf("the owner until then has %q", ids)
		}
		w.transfer(w.tom, w.mia, next.id).want(200) // once more
		if events := w.announced(); len(events) != 0 {
			w.Errorf("nothing has changed, and there are %v", events)
		}

		w.transfer(w.tom, w.mia, "nobody").wantCode(422, "not_a_member")
		w.transfer(w.tom, w.mia, "gil").wantCode(422, "not_a_member")
		w.post(w.tom, keyPath(w.mia, "transfer"), `{}`).wantCode(422, "not_a_member")
		w.patch(w.ada, acmeUsers+"/mia", `{"disabled":true}`).want(200)
		w.transfer(w.tom, w.mia, "mia").wantCode(409, "user_disabled")
		// The key of somebody who was disabled works again in other hands.
		w.patch(w.ada, acmeUsers+"/"+next.id, `{"disabled":true}`).want(200)
		w.exchange(w.mia).want(401)
		heir := w.newMember()
		w.transfer(w.tom, w.mia, heir.id).want(200)
		w.exchange(w.mia).want(200)
		w.makeKey(w.tom, heir, "api")
		other := w.makeKey(w.tom, w.newMember(), "api")
		w.transfer(w.tom, other, heir.id).wantCode(409, "key_limit_reached")
		w.delete(w.tom, keyPath(w.mia)).want(204)
		w.exchange(w.mia).want(401)
		w.transfer(w.tom, w.mia, heir.id).wantCode(404, "not_found")
	})
}

// A change of owner never raises what a key can do (R9), and goes by authority (R32).
func TestATransferredKeyNeverGains(t *testing.T) {
	onEachStore(t, func(w *world) {
		// A member's key in the hands of an account admin stays a member's.
		key := w.makeKey(w.tom, w.newMember(), "api", "self")
		w.transfer(w.tom, key, "ada").wantCode(403, "not_grantable")
		w.transfer(w.ada, key, "ada").want(200)
		ceiling := func(p person) policy.Role {
			subject, err := w.store.SubjectByClientID(w.Context(), p.clientID)
			w.must(err)
			found, err := subject.Membership.Key(p.clientID)
			w.must(err)
			return found.Ceiling
		}
		if got := ceiling(key); got != policy.RoleMember {
			w.Errorf("the ceiling is %s", got)
		}
		// What its owner was no longer allowed to do does not come back with the next owner.
		w.patch(w.ada, acmeUsers+"/mia", `{"roles":["account_admin"]}`).want(200)
		high := w.makeKey(w.ada, person{account: "acme", tenant: "forge", id: "mia"}, "api", "users:write")
		w.transfer(w.tom, high, "tom").wantCode(403, "not_grantable") // above him
		w.patch(w.ada, acmeUsers+"/mia", `{"roles":[]}`).want(200)
		w.delete(w.ada, keyPath(key)).want(204)
		w.transfer(w.ada, high, "ada").want(200)
		if got := ceiling(high); got != policy.RoleMember {
			w.Errorf("the ceiling is %s", got)
		}
		w.postForm(with(with(inBody(high), "scope", "users:write"), "resource", issuer)).wantError(400, "invalid_scope")
		// Scopes above the next owner are dropped, and a key of nothing else stays.
		w.patch(w.ada, acmeUsers+"/tom", `{"roles":["account_admin"]}`).want(200)
		both := w.makeKey(w.ada, person{account: "acme", tenant: "forge", id: "tom"}, "api", "users:write")
		member := w.newMember()
		a := w.transfer(w.ada, both, member.id).want(200)
		if strings.Contains(a.body, "users:write") {
			w.Error(a.body)
		}
		w.delete(w.ada, keyPath(high)).want(204)
		only := w.makeKey(w.ada, w.ada, "users:write")
		w.transfer(w.ada, only, member.id).wantCode(422, "scope_above_owner")
	})
}
