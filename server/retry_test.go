package server_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// retry sends a request with an Idempotency-Key, a second after the one before.
func (w *world) retry(as caller, key, path string, body any) answer {
	w.Helper()
	token := as.token(w)
	w.clock.advance(time.Second)
	r := w.request("POST", path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", key)
	return w.do(r)
}

// keysOf are the keys of the person in forge.
func (w *world) keysOf(p person) []policy.AccessKey {
	w.Helper()
	m, err := w.store.Membership(w.Context(), "forge", p.id)
	w.must(err)
	return m.Keys
}

// R37: of a create that is sent three times one key comes, and the secret of the last answer.
func TestRepeatedCreate(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.newMember()
		body := map[string]any{"user_id": p.id, "label": "billing", "scopes": []string{"api"}}
		var made []person
		for range 3 {
			made = append(made, w.retry(w.tom, "create-1", forgeKeys, body).want(201).created(p))
		}
		if keys := w.keysOf(p); len(keys) != 1 || keys[0].ClientID != made[2].clientID || keys[0].Label != "billing" {
			t.Errorf("keys: %+v", keys)
		}
		w.exchange(made[0]).wantError(401, "invalid_client")
		w.exchange(made[1]).wantError(401, "invalid_client")
		w.exchange(made[2]).want(200)
		w.retry(w.tom, "create-1", forgeKeys, body).wantCode(409, "idempotency_key_used")
		w.exchange(made[2]).want(200)

		second := w.retry(w.tom, "create-2", forgeKeys, body).want(201).created(p)
		if second.clientID == made[2].clientID {
			t.Error("another Idempotency-Key is another request")
		}
		w.retry(w.tom, "create-3", forgeKeys, body).wantCode(409, "key_limit_reached")
		w.retry(w.ada, "create-2", forgeKeys, body).wantCode(409, "key_limit_reached") // another caller has keys of their own
		second = w.retry(w.tom, "create-2", forgeKeys, body).want(201).created(p)
		w.exchange(second).want(200)
	})
}

// R37: the overlap and its end are as the first request made them, and the old secret works all that time.
func TestRepeatedRefresh(t *testing.T) {
	onEachStore(t, func(w *world) {
		old := w.giveKey(w.newMember(), "api")
		path := forgeKeys + "/" + old.clientID + "/refresh"
		first := w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).want(200)
		ends := first.field("previous_secret_ends_at")
		w.clock.advance(50 * time.Minute)
		w.retry(w.tom, "a", path, `{ "overlap_seconds": 3600 }`).want(200)
		again := w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).want(200)
		for _, name := range []string{"previous_secret_ends_at", "secret_issued_at", "expires_at"} {
			if got, want := again.field(name), first.field(name); got != want {
				t.Errorf("%s is %v, and was %v", name, got, want)
			}
		}
		w.exchange(old).want(200)
		w.exchange(first.created(old)).wantError(401, "invalid_client")
		at, err := time.Parse(time.RFC3339, ends)
		w.must(err)
		w.clock.set(at)
		w.exchange(old).wantError(401, "invalid_client")
		fresh := again.created(old)
		w.exchange(fresh).want(200)
		w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).wantCode(409, "idempotency_key_used")
		w.exchange(fresh).want(200)

		w.clock.advance(policy.Day) // it is forgotten: a request like any other
		w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).want(200)
	})
}

// R37: a program that lost the answers of its own rotation goes on with the secret that it has.
func TestRepeatedRotation(t *testing.T) {
	onEachStore(t, func(w *world) {
		rotating := w.giveKey(w.newMember(), "api", "rotate")
		for range 3 {
			w.retry(scoped{rotating, "rotate"}, "r", thisKey, `{"overlap_seconds":3600}`).want(200)
		}
		fresh := w.retry(scoped{rotating, "rotate"}, "r", thisKey, `{"overlap_seconds":3600}`).want(200).created(rotating)
		w.exchange(rotating).want(200)
		w.exchange(fresh).want(200)
		w.retry(scoped{rotating, "rotate"}, "r", thisKey, `{"overlap_seconds":3600}`).wantCode(409, "idempotency_key_used")
		w.exchange(rotating).want(200)
		w.exchange(fresh).want(200)

		owned := w.giveKey(w.newMember(), "api", "self")
		path := ownKeys + "/" + owned.clientID + "/refresh"
		first := w.retry(owned, "s", path, `{"overlap_seconds":3600}`).want(200).created(owned)
		again := w.retry(owned, "s", path, `{"overlap_seconds":3600}`).want(200).created(owned)
		w.exchange(first).wantError(401, "invalid_client")
		w.exchange(again).want(200)
	})
}

// R37: another request with the key of one from before is refused, also if it is about somebody else.
func TestIdempotencyKeyOfAnotherRequest(t *testing.T) {
	onEachStore(t, func(w *world) {
		p, other := w.newMember(), w.newMember()
		create := func(p person, label string) map[string]any {
			return map[string]any{"user_id": p.id, "label": label, "scopes": []string{"api"}}
		}
		made := w.retry(w.tom, "a", forgeKeys, create(p, "one")).want(201).created(p)
		w.retry(w.tom, "a", forgeKeys, create(p, "two")).wantCode(422, "idempotency_key_reused")
		w.retry(w.tom, "a", forgeKeys, create(other, "one")).wantCode(422, "idempotency_key_reused")
		w.retry(w.tom, "a", forgeKeys+"/"+made.clientID+"/refresh", `{}`).wantCode(422, "idempotency_key_reused")
		w.exchange(made).want(200)
		for _, key := range []string{"", "with space", "ä", strings.Repeat("x", 256)} {
			w.retry(w.tom, key, forgeKeys, create(other, "one")).wantCode(400, "invalid_request")
		}
		r := w.request("POST", forgeKeys, create(other, "one"))
		r.Header["Authorization"] = []string{"Bearer " + w.tom.token(w)}
		r.Header["Idempotency-Key"] = []string{"a", "b"}
		w.do(r).wantCode(400, "invalid_request")
		w.retry(w.tom, strings.Repeat("x", 255), forgeKeys, create(other, "one")).want(201)
		w.clock.advance(policy.Day)
		w.retry(w.tom, "a", forgeKeys, create(other, "one")).want(201)
	})
}

// What was revoked stays revoked: the repeat of the create makes no other key.
func TestRepeatOfACreateWhoseKeyWasRevoked(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	body := map[string]any{"user_id": p.id, "scopes": []string{"api"}}
	made := w.retry(w.tom, "a", forgeKeys, body).want(201).created(p)
	w.delete(w.tom, forgeKeys+"/"+made.clientID).want(204)
	w.retry(w.tom, "a", forgeKeys, body).wantCode(409, "idempotency_key_used")
	if keys := w.keysOf(p); len(keys) != 0 {
		t.Errorf("keys: %+v", keys)
	}
}

// A repeat shows a secret too, so it asks for the authority that this takes now.
func TestRepeatAsksForAuthorityAgain(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	body := map[string]any{"user_id": p.id, "scopes": []string{"self"}}
	made := w.retry(w.tom, "a", forgeKeys, body).want(201).created(p)
	w.patch(w.ada, acmeUsers+"/"+p.id, `{"roles":["account_admin"]}`).want(200)
	w.retry(w.tom, "a", forgeKeys, body).wantCode(403, "not_grantable")
	w.exchange(made).want(200)
}

// A create for pick-up has no secret that could be lost but a link: the repeat makes one more, for the same key.
func TestRepeatedCreateForPickUp(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.newMember()
		body := map[string]any{"user_id": p.id, "scopes": []string{"api"}, "pick_up": true}
		first := w.retry(w.tom, "a", forgeKeys, body).want(201)
		again := w.retry(w.tom, "a", forgeKeys, body).want(201)
		if first.field("client_id") != again.field("client_id") || first.field("pick_up_url") == again.field("pick_up_url") {
			t.Errorf("first %s, then %s", first.body, again.body)
		}
		if keys := w.keysOf(p); len(keys) != 1 {
			t.Errorf("keys: %+v", keys)
		}
	})
}

// Of many repeats at once exactly one slot is taken, and one secret works: that of an answer that somebody got (R37).
func TestRepeatsAtOnce(t *testing.T) {
	onEachStore(t, func(w *world) {
		p := w.newMember()
		body := map[string]any{"user_id": p.id, "scopes": []string{"api"}}
		token := bearer(w.tokenOf(w.tom, "keys:write"))
		answers := make([]answer, 12)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				r := w.request("POST", forgeKeys, body)
				r.Header.Set("Authorization", "Bearer "+string(token))
				r.Header.Set("Idempotency-Key", "at-once")
				answers[i] = w.do(r)
			})
		}
		all.Wait()
		works := 0
		for _, a := range answers {
			if a.status == 409 {
				a.wantCode(409, "conflict")
				continue
			}
			if w.exchange(a.want(201).created(p)).status == 200 {
				works++
			}
		}
		if keys := w.keysOf(p); len(keys) != 1 || works != 1 {
			t.Errorf("%d keys, %d secrets that work", len(keys), works)
		}
	})
}

// The store holds digests of an Idempotency-Key, because people put all kinds of things into one.
func TestIdempotencyKeysAreNotStored(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	key := "order-of-ada@example.com"
	w.retry(w.tom, key, forgeKeys, map[string]any{"user_id": p.id, "scopes": []string{"api"}}).want(201)
	m, err := w.store.Membership(t.Context(), "forge", p.id)
	w.must(err)
	text, err := store.EncodeRecord(m)
	w.must(err)
	if len(m.Retries) != 1 || strings.Contains(string(text), key) || strings.Contains(w.log.String(), key) {
		t.Errorf("the membership is %s", text)
	}
}

// A store that takes no changes keeps no program from using its new secret. The use is known none the less once the store is well.
func TestFirstUseWhileTheStoreTakesNoChanges(t *testing.T) {
	w := newWorld(t)
	gate := store.NewGate(w.store)
	w.store = gate
	w.serve()
	old := w.giveKey(w.newMember(), "api")
	path := forgeKeys + "/" + old.clientID + "/refresh"
	fresh := w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).want(200).created(old)
	gate.Set(fmt.Errorf("%w: no disk", store.ErrTakesNoChanges))
	w.exchange(fresh).want(200)
	gate.Set(nil)
	w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).wantCode(409, "idempotency_key_used")
	w.exchange(fresh).want(200)
}

// overtaken runs something when a membership is read, after it was read.
type overtaken struct {
	store.Store
	meanwhile func()
}

func (s *overtaken) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	subject, err := s.Store.SubjectByClientID(ctx, clientID)
	if run := s.meanwhile; run != nil {
		s.meanwhile = nil
		run()
	}
	return subject, err
}

// A secret is used or replaced, never both, whatever comes first.
func TestUseAndRepeatAtOnce(t *testing.T) {
	w := newWorld(t)
	slow := &overtaken{Store: w.store}
	w.store = slow
	w.serve()
	old := w.giveKey(w.newMember(), "api")
	path := forgeKeys + "/" + old.clientID + "/refresh"
	body := `{"overlap_seconds":3600}`
	admin := bearer(w.tokenOf(w.tom, "keys:write"))
	first := w.retry(admin, "a", path, body).want(200).created(old)
	slow.meanwhile = func() { w.retry(admin, "a", path, body).want(200) }
	w.exchange(first).wantError(401, "invalid_client") // the secret was right when it was read
}

// Another server knows at once that a secret was used.
func TestUseOnAnotherServer(t *testing.T) {
	onEachStore(t, func(w *world) {
		old := w.giveKey(w.newMember(), "api")
		path := forgeKeys + "/" + old.clientID + "/refresh"
		fresh := w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).want(200).created(old)
		w.exchange(fresh).want(200)
		w.serve()
		w.retry(w.tom, "a", path, `{"overlap_seconds":3600}`).wantCode(409, "idempotency_key_used")
		w.exchange(fresh).want(200)
	})
}
