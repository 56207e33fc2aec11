package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/tokens"
)

// owner is somebody of acme who is there for a test only, with an access key that has every scope.
func (w *world) owner(id string, role policy.Role, roles ...policy.Role) person {
	w.Helper()
	return w.admit(person{account: "acme", tenant: "forge", id: id}, role, roles...)
}

// tokensForAll are tokens of the person for every audience.
func (w *world) tokensForAll(p person) map[string]bearer {
	w.Helper()
	all := map[string]bearer{issuer: bearer(w.tokenFor(p, issuer, ""))}
	for _, audience := range []string{"https://api.example", "https://other.example", "https://edge.example"} {
		all[audience] = bearer(w.tokenFor(p, audience, "api"))
	}
	return all
}

// endings are what can happen to an owner whose tokens are dead afterwards, for good.
func (w *world) endings() map[string]func(p person) {
	user := func(p person, change string) { w.patch(w.olga, acmeUsers+"/"+p.id, change).want(200) }
	leave := func(p person) { w.delete(w.olga, forge+"/members/"+p.id).want(204) }
	remove := func(p person) { w.delete(w.olga, acmeUsers+"/"+p.id).want(204) }
	return map[string]func(p person){
		"disabled":             func(p person) { user(p, `{"disabled":true}`) },
		"disabled and enabled": func(p person) { user(p, `{"disabled":true}`); user(p, `{"disabled":false}`) },
		"removed":              leave,
		"removed and added":    func(p person) { leave(p); w.put(w.olga, forge+"/members/"+p.id, `{"role":"tenant_admin"}`).want(201) },
		"deleted":              remove,
		"deleted and created": func(p person) {
			remove(p)
			w.post(w.olga, acmeUsers, map[string]string{"id": p.id, "email": p.email()}).wantCode(409, "id_taken")
			again := w.post(w.olga, acmeUsers, map[string]any{"email": p.email(), "roles": []string{"account_admin"}}).want(201)
			w.put(w.olga, forge+"/members/"+again.field("id"), `{"role":"tenant_admin"}`).want(201)
		},
	}
}

// The token of an owner who was disabled, removed or deleted opens no route and no gateway, whichever audience it is for and whatever the
// owner was, and also once the owner is enabled, added or created again.
func TestIsolationOfEndedOwners(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.handler = w.server.Handler() // the answers are those of other tests, which compare them with the document
		number := 0
		for name, end := range w.endings() {
			for _, roles := range [][]policy.Role{{policy.RoleMember}, {policy.RoleTenantAdmin}, {policy.RoleMember, policy.RoleAccountAdmin}} {
				number++
				p := w.owner("ended-"+string(rune('a'+number)), roles[0], roles[1:]...)
				all := w.tokensForAll(p)
				for audience, token := range all {
					w.forwardAuth("audience="+audience, string(token)).want(204)
				}
				end(p)
				before := w.everything()
				for audience, token := range all {
					w.opensNothing(name+", for "+audience, token, p)
					if a := w.forwardAuth("audience="+audience, string(token)); a.status != 401 {
						w.Errorf("%s: forward-auth for %s answered %d", name, audience, a.status)
					}
				}
				if diff := cmp.Diff(before, w.everything()); diff != "" {
					w.Errorf("%s: something has changed (-before +after):\n%s", name, diff)
				}
			}
		}
	})
}

// opensNothing tries a token on every route, with the IDs of its owner and with those of others.
func (w *world) opensNothing(name string, token bearer, p person) {
	w.Helper()
	for _, r := range w.routes() {
		for _, of := range []person{p, w.mia} {
			if a := w.ask(token, r.method, r.fill(w.own(of)), r.body()); a.status != 401 {
				w.Errorf("%s: %s answered %d: %s", name, a.request, a.status, a.body)
			}
		}
	}
	if a := w.introspectAs(token, string(token)); a.status != 401 {
		w.Errorf("%s: introspection answered its caller %d", name, a.status)
	} else if a := w.get(token, "/oauth2/revocations"); a.status != 401 { // a stream that opens would go on for ever
		w.Errorf("%s: the stream answered %d", name, a.status)
	}
	if a := w.introspect(w.tom, string(token)).want(200); a.body != inactive {
		w.Errorf("%s: introspection answered %s", name, a.body)
	}
}

// An owner who was demoted can do no more with an old token than somebody who never was more than a member. One who is promoted can do no
// more with a key that others know, be it with a token that claims every scope (R9). A token for an API opens nothing in either case.
func TestIsolationOfDemotedAndPromotedOwners(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.handler = w.server.Handler()
		member := w.owner("member", policy.RoleMember)
		demotedHere := w.owner("demoted-here", policy.RoleTenantAdmin)
		demoted := w.owner("demoted", policy.RoleMember, policy.RoleAccountAdmin)
		promotedHere := w.limit(w.owner("promoted-here", policy.RoleMember))
		promoted := w.limit(w.owner("promoted", policy.RoleMember))
		changed := []person{demotedHere, demoted, promotedHere, promoted}
		old := map[string]map[string]bearer{}
		for _, p := range changed {
			old[p.id] = w.tokensForAll(p)
		}
		w.put(w.ada, forge+"/members/demoted-here", `{"role":"member"}`).want(200)
		w.patch(w.olga, acmeUsers+"/demoted", `{"roles":[]}`).want(200)
		w.put(w.ada, forge+"/members/promoted-here", `{"role":"tenant_admin"}`).want(200)
		w.patch(w.olga, acmeUsers+"/promoted", `{"roles":["operator"]}`).want(200)

		before, own := w.everything(), bearer(w.tokenOf(member, ""))
		for _, p := range changed {
			wide := w.claims(string(old[p.id][issuer]))
			wide.Scope = strings.Join(everyScope(), " ")
			for name, token := range map[string]bearer{
				"old token": old[p.id][issuer], "new token": bearer(w.tokenFor(p, issuer, "")),
				"token with every scope": w.signed(tokens.TypeAccessToken, wide),
			} {
				w.opensAsMuchAs(own, p.id+", "+name, token)
			}
			delete(old[p.id], issuer)
			for audience, token := range old[p.id] {
				for _, r := range w.routes() {
					w.ask(token, r.method, r.fill(w.own(p)), r.body()).wantCode(401, "unauthorized")
				}
				w.forwardAuth("audience="+audience, string(token)).want(204) // what a member may do there, it still may
			}
		}
		if diff := cmp.Diff(before, w.everything()); diff != "" {
			w.Errorf("something has changed (-before +after):\n%s", diff)
		}
	})
}

// limit makes the key of a person one that was handed out when the person was a member.
func (w *world) limit(p person) person {
	w.Helper()
	w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Keys = slices.Clone(m.Keys)
		m.Keys[0].Ceiling = policy.RoleMember
		return m, nil, nil
	}))
	return p
}

// opensAsMuchAs compares the answers that two tokens get on every route, with the IDs of people of every kind.
func (w *world) opensAsMuchAs(other bearer, name string, token bearer) {
	w.Helper()
	for _, r := range w.routes() {
		if r.path == "/me/v1/key/refresh" {
			continue // every key may replace its own secret and gains nothing by it: TestRotateRefreshesTheKeyItselfAlone
		}
		for _, of := range []person{w.mia, w.tom, w.ada, w.max, w.gil} {
			want := w.ask(other, r.method, r.fill(w.own(of)), r.body())
			got := w.ask(token, r.method, r.fill(w.own(of)), r.body())
			if got.status != want.status || want.status >= 400 && mask(got.body) != mask(want.body) {
				w.Errorf("%s: %s answered %d, to a member %d: %s", name, got.request, got.status, want.status, got.body)
			}
		}
	}
}
