package server_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mintkey/server"
	"mintkey/store"
	"mintkey/store/budgettest"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// newReplicatedWorld is a world on a Redis with one replica.
func newReplicatedWorld(t *testing.T) (w *world, replica *redistest.Server) {
	t.Helper()
	master := redistest.Start(t)
	replica = redistest.StartReplica(t, master)
	opened, err := redisstore.Open(t.Context(), master.URL())
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOn(t, opened), replica
}

// While the only replica hangs, nothing is made whose secret could be lost, and what is revoked has ended at once, on every server. The
// repeat succeeds when the replica is back, on whichever server, and the next one finds nothing.
func TestHangingReplica(t *testing.T) {
	w, replica := newReplicatedWorld(t)
	gone, left := w.makeKey(w.ada, w.mia, "api"), w.newMember()
	kept := w.makeKey(w.ada, w.newMember(), "api")
	ofGone, ofMia := w.tokenFor(gone, "", "api"), w.tokenFor(w.mia, "", "api")
	admin := bearer(w.tokenOf(w.ada, ""))
	another := w.second(w.store)
	replica.Pause()

	nothing := w.post(admin, forgeKeys, map[string]any{"user_id": left.id}).wantCode(503, "unconfirmed")
	if !strings.Contains(nothing.body, "nothing was made") || nothing.header.Get("Retry-After") == "" {
		t.Errorf("create: %v %s", nothing.header, nothing.body)
	}
	w.refresh(admin, kept, nil).wantCode(503, "unconfirmed")
	if keys := w.get(admin, forgeKeys+"?user_id="+left.id).want(200); !strings.Contains(keys.body, `"items":[]`) {
		t.Errorf("a key was made: %s", keys.body)
	}
	w.exchange(kept).want(200)
	fence := map[string]any{"token_lifetime_seconds": 60}
	if a := w.patch(admin, forgeKeys+"/"+kept.clientID, fence).wantCode(503, "unconfirmed"); !strings.Contains(a.body, "has ended") {
		t.Errorf("tighten: %s", a.body)
	}

	path := forgeKeys + "/" + gone.clientID
	if a := w.delete(admin, path).wantCode(503, "unconfirmed"); !strings.Contains(a.body, "has ended") {
		t.Errorf("revoke: %s", a.body)
	}
	w.exchange(gone).want(401)
	w.must(another.server.Gateways().Log.Sync(t.Context()))
	if !w.revokedIn(ofGone) || !another.revokedIn(ofGone) {
		t.Error("gateways were not told while the replica hung")
	}
	another.delete(admin, path).wantCode(503, "unconfirmed")
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {ofMia}}).wantError(503, "temporarily_unavailable")
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {ofMia}}).wantError(503, "temporarily_unavailable")
	w.delete(admin, "/admin/v1/tenants/forge/members/"+left.id).wantCode(503, "unconfirmed")
	w.get(admin, "/admin/v1/tenants/forge/members").want(200)

	replica.Resume()
	w.eventually("the revocation is confirmed", func() bool { return another.delete(admin, path).status == 204 })
	w.delete(admin, path).wantCode(404, "not_found")
	another.delete(admin, path).wantCode(404, "not_found")
	w.sendForm(w.mia, "/oauth2/revoke", form{"token": {ofMia}}).want(200)
	w.post(admin, forgeKeys, map[string]any{"user_id": w.newMember().id}).want(201)
}

// Whoever is disabled or deleted while the only replica hangs is shut out at once on every server, the answer says that this is not
// confirmed, and the repeat is told once the replica is back.
func TestPeopleEndWhileTheReplicaHangs(t *testing.T) {
	w, replica := newReplicatedWorld(t)
	disabled, deleted := w.makeKey(w.ada, w.newMember(), "api"), w.makeKey(w.ada, w.newMember(), "api")
	ofDisabled, ofDeleted := w.tokenOf(disabled, "api"), w.tokenOf(deleted, "api")
	admin := bearer(w.tokenOf(w.ada, ""))
	another := w.second(w.store)
	const users = "/admin/v1/accounts/acme/users/"
	replica.Pause()

	off := map[string]any{"disabled": true}
	if a := w.patch(admin, users+disabled.id, off).wantCode(503, "unconfirmed"); !strings.Contains(a.body, "has ended") {
		t.Errorf("disable: %s", a.body)
	}
	if a := w.delete(admin, users+deleted.id).wantCode(503, "unconfirmed"); !strings.Contains(a.body, "has ended") {
		t.Errorf("delete: %s", a.body)
	}
	w.must(another.server.Gateways().Log.Sync(t.Context()))
	for _, on := range []*world{w, another} {
		on.exchange(disabled).want(401)
		on.exchange(deleted).want(401)
		if !on.revokedIn(ofDisabled) || !on.revokedIn(ofDeleted) {
			t.Error("gateways were not told while the replica hung")
		}
	}
	another.patch(admin, users+disabled.id, off).wantCode(503, "unconfirmed")

	replica.Resume()
	w.eventually("the deletion is confirmed", func() bool {
		status := another.delete(admin, users+deleted.id).status
		return status == 204 || status == 404
	})
	another.patch(admin, users+disabled.id, off).want(200)
	another.patch(admin, users+disabled.id, map[string]any{"disabled": false}).want(200)
	another.exchange(disabled).want(200)
	if !w.revokedIn(ofDisabled) {
		t.Error("a token from before the disabling lives again")
	}
}

// hangsInUpdates is a store whose replica hangs from the next change of a membership on.
type hangsInUpdates struct {
	store.Store
	hang func()
}

func (s *hangsInUpdates) UpdateMembership(ctx context.Context, tenantID, userID string, change store.MembershipChange) error {
	s.hang()
	return s.Store.UpdateMembership(ctx, tenantID, userID, change)
}

// The replica hangs after the server has asked for it: the secret is shown all the same, with the word that it is not confirmed.
func TestSecretsAreNotLostUnconfirmed(t *testing.T) {
	w, replica := newReplicatedWorld(t)
	owner := w.newMember()
	hanging := false
	w.serve(func(o *server.Options) {
		o.Store = &hangsInUpdates{w.store, func() {
			if hanging {
				replica.Pause()
			}
		}}
	})
	admin := bearer(w.tokenOf(w.ada, ""))
	unconfirmed := func(what string, do func() answer, status int) answer {
		t.Helper()
		hanging = true
		a := do().want(status)
		hanging = false
		replica.Resume()
		w.eventually("the store confirms again", func() bool { return w.store.Confirm(t.Context(), "forge") == nil })
		if !strings.Contains(a.body, `"confirmed":false`) {
			t.Errorf("%s: %s", what, a.body)
		}
		return a
	}
	made := unconfirmed("create", func() answer { return w.post(admin, forgeKeys, map[string]any{"user_id": owner.id}) }, 201)
	owner.clientID, owner.secret = made.field("client_id"), made.field("client_secret")
	w.exchange(owner).want(200)
	fresh := unconfirmed("refresh", func() answer { return w.refresh(admin, owner, nil) }, 200)
	owner.secret = fresh.field("client_secret")
	w.exchange(owner).want(200)
	unconfirmed("refresh that ends tokens", func() answer {
		return w.refresh(admin, owner, map[string]any{"revoke_tokens": true})
	}, 200)
	unconfirmed("create for pick-up", func() answer {
		return w.post(admin, forgeKeys, map[string]any{"user_id": owner.id, "pick_up": true})
	}, 201)
	if a := w.refresh(admin, owner, nil).want(200); strings.Contains(a.body, "confirmed") {
		t.Errorf("a confirmed refresh: %s", a.body)
	}
}

// A Redis that asks for replicas of its own accord, or whose disk is broken, refuses changes: 503, and limits are counted in memory.
func TestRedisThatRefusesChanges(t *testing.T) {
	for name, refuse := range map[string]func(*testing.T, *redistest.Server){
		"NOREPLICAS": func(_ *testing.T, redis *redistest.Server) { redis.Do("CONFIG", "SET", "min-replicas-to-write", "1") },
		"MISCONF":    breakSnapshots,
	} {
		t.Run(name, func(t *testing.T) {
			redis := redistest.Start(t, "--appendonly", "no")
			opened, err := redisstore.Open(t.Context(), redis.URL())
			if err != nil {
				t.Fatal(err)
			}
			w := newWorldOn(t, budgettest.Redis{Store: opened})
			admin := bearer(w.tokenOf(w.ada, ""))
			refuse(t, redis)
			a := w.delete(admin, forgeKeys+"/"+w.mia.clientID).wantCode(503, "unavailable")
			quiet(t, a, name)
			if !strings.Contains(a.body, "takes no changes now") {
				t.Errorf("the answer does not tell a store that takes no changes from one that is away: %s", a.body)
			}
			if ready := w.readyzBody(); !strings.Contains(ready, `"changes":"refused: `) || !strings.Contains(ready, name) {
				t.Errorf("readyz does not say that changes are refused for %s: %s", name, ready)
			}
			w.exchange(w.mia).want(200)
			wrong := form{"grant_type": {"client_credentials"}, "client_id": {w.mia.clientID}, "client_secret": {"mks_guess"}}
			for range 30 {
				w.postForm(wrong, from("10.0.0.1")).want(401)
			}
			w.postForm(wrong, from("10.0.0.1")).want(429)
			if !strings.Contains(w.log.String(), name) {
				t.Errorf("the log does not say %s", name)
			}
		})
	}
}

// breakSnapshots makes the next snapshot of Redis fail, after which it refuses changes.
func breakSnapshots(t *testing.T, redis *redistest.Server) {
	t.Helper()
	redis.Do("CONFIG", "SET", "save", `"3600 1"`)
	redis.Do("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
	if err := os.MkdirAll(filepath.Join(redis.Folder(), "dump.rdb", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	redis.Do("BGSAVE")
	redistest.Eventually(t, "the snapshot has failed", func() bool {
		return strings.Contains(redis.Do("INFO", "persistence"), "rdb_last_bgsave_status:err")
	})
}
