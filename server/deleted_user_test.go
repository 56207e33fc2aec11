package server_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// onTwoServers runs a test with two servers that share a store: on bolt two in one process, on Redis each with connections of its own.
func onTwoServers(t *testing.T, test func(w, second *world)) {
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		test(w, w.second(w.store))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		url := redistest.Start(t).URL()
		var connections [2]store.Store
		for i := range connections {
			opened, err := redisstore.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			connections[i] = opened
		}
		t.Cleanup(func() { _ = connections[1].Close() })
		w := newWorldOn(t, connections[0])
		test(w, w.second(connections[1]))
	})
}

// second is one more server on the store of the world.
func (w *world) second(connection store.Store) *world {
	other := &world{
		T: w.T, store: connection, ring: w.ring, hasher: w.hasher, clock: w.clock, log: w.log, people: w.people, secrets: w.secrets,
	}
	other.serve()
	return other
}

// A delete is final, whatever runs beside it (R31): no membership and no key is left, and no key that was handed out meanwhile works.
func TestDeleteIsFinalUnderRaces(t *testing.T) {
	onTwoServers(t, func(w, second *world) {
		admin := bearer(w.tokenOf(w.olga, ""))
		for round := range 40 {
			id := fmt.Sprint("eve-", round)
			w.post(admin, acmeUsers, map[string]string{"id": id, "email": id + "@acme.example"}).want(201)
			w.put(admin, "/admin/v1/tenants/forge/members/"+id, `{"role":"tenant_admin"}`).want(201)
			servers := [2]*world{w, second}
			begin := make(chan struct{})
			var mu sync.Mutex
			var handedOut []person
			var all sync.WaitGroup
			all.Go(func() {
				<-begin
				w.delete(admin, acmeUsers+"/"+id).want(204)
			})
			for i := range 8 {
				all.Go(func() {
					<-begin
					servers[i%2].put(admin, "/admin/v1/tenants/forge/members/"+id, `{"role":"tenant_admin"}`)
				})
			}
			for i := range 6 {
				all.Go(func() {
					<-begin
					a := servers[i%2].post(admin, forgeKeys, map[string]string{"user_id": id})
					if a.status == 201 {
						mu.Lock()
						defer mu.Unlock()
						handedOut = append(handedOut, person{clientID: a.field("client_id"), secret: a.field("client_secret")})
					}
				})
			}
			close(begin)
			all.Wait()
			w.nothingIsLeftOf(admin, id, handedOut)
			if t.Failed() {
				return
			}
		}
	})
}

func (w *world) nothingIsLeftOf(admin caller, id string, handedOut []person) {
	w.Helper()
	for _, list := range []struct{ path, member string }{
		{"/admin/v1/tenants/forge/members?limit=500", "user_id"},
		{forgeKeys + "?limit=500", "user_id"},
	} {
		if users, _ := w.get(admin, list.path).values(list.member); slices.Contains(users, id) {
			w.Errorf("%s still lists the deleted user %s", list.path, id)
		}
	}
	if tenants, err := w.store.TenantsOf(w.Context(), "acme", id); err != nil || len(tenants) > 0 {
		w.Errorf("the store has memberships of the deleted user in %v, %v", tenants, err)
	}
	w.delete(admin, acmeUsers+"/"+id).wantCode(404, "not_found")
	for _, key := range handedOut {
		w.exchange(key).wantError(401, "invalid_client")
	}
	a := w.post(admin, acmeUsers, map[string]string{"id": id, "email": id + "-2@acme.example"}).wantCode(409, "id_taken")
	if detail := a.field("detail"); !strings.Contains(detail, "was used") || !strings.Contains(detail, "leave it out") {
		w.Errorf("the detail is %q", detail)
	}
}

// An ID is never used twice, not even in another account; the e-mail address of a deleted user is free again (R31).
func TestUserIDsAreNeverReused(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.post(w.ada, acmeUsers, `{"id":"zoe","email":"zoe@acme.example"}`).want(201)
		for _, users := range []string{acmeUsers, "/admin/v1/accounts/globex/users"} {
			a := w.post(w.olga, users, `{"id":"zoe","email":"other@acme.example"}`).wantCode(409, "id_taken")
			if detail := a.field("detail"); !strings.Contains(detail, "in use") || !strings.Contains(detail, "leave it out") {
				t.Errorf("the detail is %q", detail)
			}
		}
		w.delete(w.ada, acmeUsers+"/zoe").want(204)
		for _, users := range []string{acmeUsers, "/admin/v1/accounts/globex/users"} {
			a := w.post(w.olga, users, `{"id":"zoe","email":"zoe@acme.example"}`).wantCode(409, "id_taken")
			if detail := a.field("detail"); !strings.Contains(detail, "was used") || !strings.Contains(detail, "leave it out") {
				t.Errorf("the detail is %q", detail)
			}
		}
		w.post(w.ada, acmeUsers, `{"email":"zoe@acme.example"}`).want(201)
		w.delete(w.ada, acmeUsers+"/never-there").wantCode(404, "not_found")
		w.post(w.ada, acmeUsers, `{"id":"never-there","email":"n@acme.example"}`).want(201) // nothing was used up by that
	})
}
