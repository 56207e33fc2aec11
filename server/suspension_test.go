package server_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

const (
	ownKeyPath = "/me/v1/keys/"
	mill       = "/admin/v1/tenants/mill"
)

// eventsOf are those of the account of acme with the action.
func (w *world) eventsOf(action policy.Action) (found []policy.Event) {
	w.Helper()
	events, err := w.store.Events(w.Context(), "acme", store.EventsQuery{Limit: 1000})
	w.must(err)
	for _, event := range events {
		if event.Action == action {
			found = append(found, event)
		}
	}
	return found
}

// miller is a new member of mill, with a key.
func (w *world) miller() person {
	w.Helper()
	p := w.newMember()
	p.tenant = "mill"
	w.put(w.ada, mill+"/members/"+p.id, map[string]string{"role": "member"}).want(201)
	return w.makeKey(w.ada, p, "api", "self")
}

func (w *world) suspendKey(p person) api.Key {
	w.Helper()
	var key api.Key
	w.post(w.ada, keyPath(p, "suspend"), map[string]string{"reason": "in a build log"}).want(200).into(&key)
	return key
}

func (w *world) resumeKey(p person) {
	w.Helper()
	w.post(w.ada, keyPath(p, "resume"), nil).want(200)
}

// suspendTenant suspends mill, or resumes it.
func (w *world) suspendTenant(suspended bool) {
	w.Helper()
	w.patch(w.olga, mill, map[string]bool{"suspended": suspended}).want(200)
}

// R28: a suspended key gets no tokens, which looks like any other refusal; its tokens are dead everywhere, and stay so. It says by whom and
// why it is suspended, and works again with the secrets that it had.
func TestSuspendedKey(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		before := []string{w.tokenOf(p, "api")}
		overlapped := p
		p = w.refreshKey(p, map[string]any{"overlap_seconds": 3600})
		before = append(before, w.tokenOf(p, "api"))
		w.clock.advance(time.Minute)
		var first, last api.Key
		w.get(w.ada, keyPath(p)).want(200).into(&first)
		for round := range 2 {
			key := w.suspendKey(p)
			at := w.clock.now().UTC()
			want := api.Suspension{At: &at, By: w.ada.id, Reason: "in a build log"}
			if diff := cmp.Diff(want, key.Suspension); diff != "" || key.Status != policy.StatusSuspended {
				t.Errorf("suspended: %s %s", key.Status, diff)
			}
			if w.suspendKey(p); len(w.eventsOf(policy.ActionKeySuspended)) != round+1 {
				t.Errorf("round %d: %d events, want one for each suspension", round, len(w.eventsOf(policy.ActionKeySuspended)))
			}
			for _, secret := range []person{p, overlapped} {
				unknown := w.exchange(person{clientID: "mk_unknown", secret: secret.secret}).want(401)
				if a := w.exchange(secret).want(401); mask(a.body) != mask(unknown.body) {
					t.Errorf("suspended: %s, unknown: %s", a.body, unknown.body)
				}
			}
			for _, token := range before {
				w.wantDead("suspended", token)
			}
			if keys := w.get(w.ada, forge+"/keys?status=suspended").want(200); !strings.Contains(keys.body, p.clientID) {
				t.Errorf("the list of suspended keys is %s", keys.body)
			}
			w.clock.advance(time.Minute)
			w.resumeKey(p)
			for _, token := range before {
				w.wantDead("resumed", token)
			}
			fresh := []string{w.tokenOf(p, "api"), w.tokenOf(overlapped, "api")}
			if sameIndex(w, fresh[0], fresh[1]) {
				t.Error("two secrets share a status index")
			}
			w.deliverToGateways() // late, as after a crash
			for _, token := range fresh {
				w.wantAlive("resumed", token)
			}
			before = append(before, fresh...)
		}
		w.get(w.ada, keyPath(p)).want(200).into(&last)
		for _, k := range []*api.Key{&first, &last} {
			k.LastAccessAt = nil
			for i := range k.Secrets {
				k.Secrets[i].LastAccessAt = nil
			}
		}
		if diff := cmp.Diff(first, last); diff != "" {
			t.Errorf("the key is not as it was:\n%s", diff)
		}
	})
}

// R28: suspending hides in no other change: the key counts for R2, a refresh leaves it suspended, and an expired key can't be suspended.
func TestWhatSuspendedKeysDo(t *testing.T) {
	w := newWorld(t)
	p := w.makeKey(w.ada, w.newMember(), "api", "self")
	other := w.makeKey(w.ada, p, "api", "self")
	w.suspendKey(p)
	w.post(w.ada, forge+"/keys", map[string]string{"user_id": p.id}).wantCode(409, "key_limit_reached")
	p = w.refreshKey(p, nil)
	w.exchange(p).want(401)
	w.resumeKey(p)
	w.exchange(p).want(200)
	w.post(w.ada, keyPath(p, "suspend"), map[string]string{"reason": "a\nb"}).wantCode(422, "invalid_reason")
	w.post(w.ada, keyPath(p, "suspend"), map[string]string{"reason": p.secret}).wantCode(422, "invalid_reason")
	w.get(w.ada, forge+"/keys?status=stopped").wantCode(400, "invalid_request")
	w.suspendKey(other)
	w.clock.advance(45 * policy.Day)
	admin := w.makeKey(w.ada, w.ada, "keys:read", "keys:write") // which lives longer
	w.clock.advance(45 * policy.Day)
	for _, what := range []string{"suspend", "resume"} {
		w.post(admin, keyPath(other, what), nil).wantCode(409, "key_expired")
	}
	if a := w.get(admin, keyPath(other)).want(200); a.field("status") != "expired" {
		t.Errorf("status %s, want expired", a.body)
	}
}

// The owner can stop each key of their own, with whatever token, and start again what they stopped themselves, if the token can do as much.
func TestOwnersStopTheirKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		acting := w.makeKey(w.ada, p, "self") // less than p
		token := bearer(w.tokenFor(acting, issuer, ""))
		same := w.owner("same", policy.RoleMember)

		w.post(token, ownKeyPath+p.clientID+"/suspend", map[string]string{"reason": "lost"}).want(200)
		w.exchange(p).want(401)
		w.post(token, ownKeyPath+p.clientID+"/resume", nil).wantCode(403, "not_grantable") // it can't do what p does
		w.resumeKey(p)                                                                     // an admin can
		w.exchange(p).want(200)

		w.post(bearer(w.tokenFor(p, issuer, "self")), ownKeyPath+acting.clientID+"/suspend", nil).want(200)
		w.post(bearer(w.tokenFor(p, issuer, "self")), ownKeyPath+acting.clientID+"/resume", nil).want(200)
		token = bearer(w.tokenFor(acting, issuer, ""))
		w.suspendKey(p)
		w.post(token, ownKeyPath+p.clientID+"/resume", nil).wantCode(403, "not_grantable") // somebody else stopped it
		w.post(token, ownKeyPath+p.clientID+"/suspend", nil).want(200)                     // which changes nothing
		w.post(token, ownKeyPath+p.clientID+"/resume", nil).wantCode(403, "not_grantable")
		if key := w.get(w.ada, keyPath(p)).want(200); key.field("suspended_by") != w.ada.id {
			t.Errorf("suspended by %s", key.body)
		}

		for _, what := range []string{"suspend", "resume"} {
			w.post(token, ownKeyPath+same.clientID+"/"+what, nil).wantCode(404, "not_found")
		}
		w.delete(token, ownKeyPath+same.clientID).wantCode(404, "not_found")
		w.exchange(same).want(200)
		w.delete(token, ownKeyPath+p.clientID).want(204)
		w.delete(token, ownKeyPath+p.clientID).wantCode(404, "not_found")
		w.delete(token, ownKeyPath+acting.clientID).want(204) // the one that it acts with
		w.exchange(acting).want(401)
	})
}

// What somebody has suspended as an admin, be it their own key, stays so once they are none: an admin who suspended it after them was told
// that it is suspended already, and relies on that.
func TestADemotedAdminResumesNothingTheyStoppedAsOne(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.newMember()
		member := "/admin/v1/tenants/forge/members/" + p.id
		w.put(w.ada, member, `{"role":"tenant_admin"}`).want(200)
		leaked, acting := w.makeKey(w.ada, p, "api", "self"), w.makeKey(w.ada, p, "api", "self", "keys:write")
		admin := bearer(w.tokenFor(acting, issuer, ""))
		w.post(admin, keyPath(leaked, "suspend"), nil).want(200)
		w.post(w.owner("second", policy.RoleTenantAdmin), keyPath(leaked, "suspend"), nil).want(200) // changes nothing
		w.put(w.ada, member, `{"role":"member"}`).want(200)
		own := bearer(w.tokenFor(acting, issuer, "self"))
		w.post(own, ownKeyPath+leaked.clientID+"/resume", nil).wantCode(403, "not_grantable")
		w.exchange(leaked).want(401)
		w.put(w.ada, member, `{"role":"tenant_admin"}`).want(200)
		w.post(own, ownKeyPath+leaked.clientID+"/resume", nil).want(200)
		w.exchange(leaked).want(200)
	})
}

// R32: a key that administers with more authority is not the actor's to stop, and nobody undoes what higher authority has done.
func TestSuspendingAgainstHigherAuthority(t *testing.T) {
	onEachStore(t, func(w *world) {
		admin, account := w.owner("tenant-admin", policy.RoleTenantAdmin), w.owner("account-admin", policy.RoleMember, policy.RoleAccountAdmin)
		member := w.makeKey(w.ada, w.newMember(), "api")
		w.post(admin, keyPath(account, "suspend"), nil).wantCode(403, "not_grantable")
		w.post(account, keyPath(account, "suspend"), nil).want(200)
		w.post(admin, keyPath(account, "resume"), nil).wantCode(403, "not_grantable")

		w.post(admin, keyPath(member, "suspend"), nil).want(200)
		w.post(w.olga, keyPath(member, "suspend"), map[string]string{"reason": "incident 7"}).want(200)
		w.post(admin, keyPath(member, "resume"), nil).wantCode(403, "not_grantable")
		w.exchange(member).want(401)
		w.post(w.olga, keyPath(member, "resume"), nil).want(200)
		w.exchange(member).want(200)
	})
}

// R8: a suspended tenant is one record. All its keys stop and all their tokens are dead everywhere; resuming gives back the keys, but for
// those that were suspended on their own.
func TestSuspendedTenant(t *testing.T) {
	onEachStore(t, func(w *world) {
		keys, alone := []person{w.miller(), w.miller()}, w.miller()
		tokens := []string{w.tokenOf(keys[0], "api"), w.tokenOf(keys[1], "api"), w.tokenOf(alone, "api")}
		admin := bearer(w.tokenOf(w.max, ""))
		w.get(admin, ownKeys).want(200)
		w.clock.advance(time.Second)
		w.patch(w.olga, mill, `{"suspended":true,"suspended_reason":"breach"}`).want(200)
		w.suspendTenant(true) // once more, which changes nothing
		tenant := w.get(w.olga, mill).want(200)
		if tenant.field("suspended_reason") != "breach" || tenant.field("suspended_by") != w.olga.id {
			t.Errorf("suspended: %s", tenant.body)
		}
		w.post(w.olga, keyPath(alone, "suspend"), nil).want(200) // by a tenant that is suspended
		for _, p := range append(keys, alone) {
			w.exchange(p).want(401)
		}
		for _, token := range tokens {
			w.wantDead("suspended", token)
		}
		w.post(w.olga, mill+"/keys", map[string]string{"user_id": keys[0].id}).wantCode(409, "tenant_suspended")
		w.get(admin, ownKeys).want(401)
		w.clock.advance(time.Second)
		w.suspendTenant(false)
		for _, token := range tokens {
			w.wantDead("resumed", token)
		}
		w.exchange(alone).want(401)
		for _, p := range keys {
			fresh := w.tokenOf(p, "api")
			w.deliverToGateways()
			w.wantAlive("resumed", fresh)
		}
		w.post(w.olga, keyPath(alone, "resume"), nil).want(200)
		w.wantAlive("resumed", w.tokenOf(alone, "api"))
		for _, action := range []policy.Action{policy.ActionTenantSuspended, policy.ActionTenantResumed} {
			if n := len(w.eventsOf(action)); n != 1 {
				t.Errorf("%d events %s, want one", n, action)
			}
		}
		w.patch(w.olga, mill, `{"suspended":false,"suspended_reason":"x"}`).wantCode(400, "invalid_request")
		w.patch(w.olga, mill, `{"suspended":true,"suspended_reason":"a\nb"}`).wantCode(422, "invalid_reason")
	})
}

// The outbox alone tells gateways of a tenant whose server died right after it was suspended, even when it works again by then.
func TestTheOutboxTellsOfSuspendedTenants(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.miller()
		before, whole := w.tokenOf(p, "api"), w.store
		w.store = deafLog{whole}
		w.serve()
		w.suspendTenant(true)
		w.suspendTenant(false)
		w.clock.advance(time.Second)
		after := w.tokenOf(p, "api")
		w.store = whole
		w.serve()
		w.deliverToGateways()
		w.wantDead("suspended", before)
		w.wantAlive("resumed", after)
	})
}

// The tokens of a suspended key and of a suspended tenant open no route and no gateway, whichever audience they are for.
func TestIsolationOfSuspendedKeysAndTenants(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.handler = w.server.Handler()
		for name, suspend := range map[string]func(p person){
			"key":             func(p person) { w.post(w.olga, keyPath(p, "suspend"), nil).want(200) },
			"key, resumed":    func(p person) { w.suspendKey(p); w.resumeKey(p) },
			"tenant, resumed": func(person) { w.suspendTenant(true); w.suspendTenant(false) },
			"tenant":          func(person) { w.suspendTenant(true) },
		} {
			id := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
			p := w.admit(person{account: "acme", tenant: "mill", id: id}, policy.RoleTenantAdmin)
			all := w.tokensForAll(p)
			suspend(p)
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
			w.suspendTenant(false)
		}
	})
}

// Of tokens that are asked for while the key or the tenant is suspended and resumed on another server, none lives afterwards that was made
// before, and what is made afterwards lives.
func TestSuspendingWhileTokensAreMade(t *testing.T) {
	for name, suspend := range map[string]func(w *world, p person){
		"key":    func(w *world, p person) { w.suspendKey(p); w.resumeKey(p); w.suspendKey(p) },
		"tenant": func(w *world, _ person) { w.suspendTenant(true); w.suspendTenant(false); w.suspendTenant(true) },
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(w *world) {
				p := w.miller()
				var mu sync.Mutex
				var made []string
				var all sync.WaitGroup
				stop := make(chan struct{})
				for range 3 {
					all.Go(func() {
						for {
							select {
							case <-stop:
								return
							default:
							}
							if a := w.exchange(p); a.status == 200 {
								mu.Lock()
								made = append(made, a.field("access_token"))
								mu.Unlock()
							}
						}
					})
				}
				suspend(w, p)
				close(stop)
				all.Wait()
				for _, token := range made {
					w.wantDead("suspended", token)
				}
				if name == "key" {
					w.resumeKey(p)
				} else {
					w.clock.advance(time.Second)
					w.suspendTenant(false)
				}
				for _, token := range made {
					w.wantDead("resumed", token)
				}
				w.wantAlive("resumed", w.tokenOf(p, "api"))
			})
		})
	}
}

// The trail has the reason that the answer withholds, and the traffic counts both as suspended (R24).
func TestRefusalsOfWhatIsSuspended(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.miller()
		w.suspendKey(p)
		w.exchange(p).want(401)
		w.resumeKey(p)
		w.suspendTenant(true)
		w.exchange(p).want(401)
		w.suspendTenant(false)
		w.run()()
		reasons := map[string]bool{}
		for _, e := range w.eventsOf(policy.ActionTokenRefused) {
			reasons[e.Details["reason"]] = true
		}
		if diff := cmp.Diff(map[string]bool{"suspended": true, "tenant_suspended": true}, reasons); diff != "" {
			t.Error(diff)
		}
		w.wantTraffic(p.traffic(), store.TrafficCounts{store.RefusedSuspended: 2})
	})
}
