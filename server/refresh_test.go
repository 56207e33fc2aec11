package server_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

// refresh asks for a new secret of the person's key.
func (w *world) refresh(as caller, p person, body any) answer {
	w.Helper()
	return w.post(as, "/admin/v1/tenants/"+p.tenant+"/keys/"+p.clientID+"/refresh", body)
}

func TestRefresh(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.mia = w.giveKey(w.mia, "api")
		w.clock.advance(80 * policy.Day)
		a := w.refresh(w.tom, w.mia, nil).want(200)
		a.golden("key_refreshed")
		renewed := a.created(w.mia)
		if renewed.clientID != w.mia.clientID || renewed.secret == w.mia.secret {
			w.Errorf("refreshed to %s", a.body)
		}
		w.exchange(w.mia).wantError(401, "invalid_client")
		w.exchange(renewed).want(200)
		w.clock.advance(80 * policy.Day) // its life has started again
		w.exchange(renewed).want(200)
	})
}

// With an overlap the old secret works exactly until it ends, and only two ever work at a time (R6).
func TestRefreshWithOverlap(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.mia = w.giveKey(w.mia, "api")
		first := w.mia
		refresh := func(seconds string) person {
			return w.refresh(w.tom, w.mia, `{"overlap_seconds":`+seconds+`}`).want(200).created(w.mia)
		}
		w.refresh(w.tom, w.mia, `{"overlap_seconds":0}`).want(200)
		w.exchange(first).want(401)
		w.mia = refresh("604800")
		second := w.mia
		a := w.refresh(w.tom, w.mia, `{"overlap_seconds":3600}`).want(200)
		a.golden("key_refreshed_with_overlap")
		third := a.created(w.mia)
		w.exchange(second).want(200)
		w.exchange(third).want(200)
		w.clock.advance(time.Hour - time.Nanosecond)
		w.exchange(second).want(200)
		w.clock.advance(time.Nanosecond)
		w.exchange(second).want(401)
		w.exchange(third).want(200)

		fourth := refresh("604800")
		fifth := refresh("604800")
		w.exchange(third).want(401) // two secrets work, not three, though its overlap has not ended
		w.exchange(fourth).want(200)
		w.exchange(fifth).want(200)
		last := refresh("0")
		w.exchange(fourth).want(401)
		w.exchange(fifth).want(401)
		w.exchange(last).want(200)

		both := refresh("604800")
		w.delete(w.tom, forgeKeys+"/"+both.clientID).want(204)
		w.exchange(last).want(401)
		w.exchange(both).want(401)
	})
}

// An overlap never lengthens the life of the old secret.
func TestOverlapEndsWithTheOldExpiry(t *testing.T) {
	w := newWorld(t)
	w.mia = w.giveKey(w.mia, "api", "self")
	w.clock.advance(90*policy.Day - time.Hour)
	a := w.refresh(w.tom, w.mia, `{"overlap_seconds":604800}`).want(200)
	if got := a.field("previous_secret_ends_at"); got != start.Add(90*policy.Day).Format(time.RFC3339Nano) {
		t.Errorf("the old secret ends at %s", got)
	}
	w.clock.advance(time.Hour - time.Nanosecond)
	w.exchange(w.mia).want(200)
	w.clock.advance(time.Nanosecond)
	w.exchange(w.mia).want(401)
	w.exchange(a.created(w.mia)).want(200)
}

func TestBadRefreshes(t *testing.T) {
	w := newWorld(t)
	w.mia = w.giveKey(w.mia, "api", "self")
	for _, body := range []string{`{"overlap_seconds":-1}`, `{"overlap_seconds":604801}`, `{"overlap_seconds":9223372036854775807}`} {
		w.refresh(w.tom, w.mia, body).wantCode(422, "invalid_overlap")
	}
	for _, body := range []string{
		`{"overlap_seconds":"1"}`, `{"overlap_seconds":1.5}`, `{"overlap_seconds":1e30}`, `{"overlap":1}`, `[]`, `{}{}`, `{`,
	} {
		w.refresh(w.tom, w.mia, body).wantCode(400, "invalid_request")
	}
	r := w.request("POST", forgeKeys+"/"+w.mia.clientID+"/refresh", `{"overlap_seconds":60}`)
	authorization("Bearer " + w.tokenOf(w.tom, ""))(r)
	header("Content-Type", "text/plain")(r)
	w.do(r).wantCode(415, "unsupported_media_type")
	w.exchange(w.mia).want(200) // none of these touched the secret
	w.post(w.mia, ownKeys+"/"+w.mia.clientID+"/refresh", `{"overlap_seconds":604801}`).wantCode(422, "invalid_overlap")

	w.clock.advance(90 * policy.Day)
	w.refresh(w.giveKey(w.ada, everyScope()...), w.mia, nil).wantCode(409, "key_expired").golden("key_expired")
}

func TestOwnersRefreshTheirKeys(t *testing.T) {
	onEachStore(t, func(w *world) {
		body := w.get(w.mia, ownKeys).want(200).body
		if !strings.Contains(body, w.mia.clientID) || strings.Contains(body, w.tom.clientID) {
			w.Errorf("mia's own keys: %s", body)
		}
		token := bearer(w.tokenOf(w.mia, "self"))
		own := w.giveKey(w.mia, "api", "self")
		a := w.post(token, ownKeys+"/"+own.clientID+"/refresh", `{"overlap_seconds":60}`).want(200)
		w.exchange(own).want(200)
		w.exchange(a.created(own)).want(200)
		for _, other := range []person{w.tom, w.ada, w.max, w.gil} {
			w.post(token, ownKeys+"/"+other.clientID+"/refresh", nil).wantCode(404, "not_found")
			w.exchange(other).want(200)
		}
		// Her key of another tenant is not in this one (R1).
		w.put(w.ada, "/admin/v1/tenants/mill/members/mia", `{"role":"member"}`).want(201)
		elsewhere := w.mia
		elsewhere.tenant = "mill"
		elsewhere = w.giveKey(elsewhere, "api")
		w.post(token, ownKeys+"/"+elsewhere.clientID+"/refresh", nil).wantCode(404, "not_found")
		w.exchange(elsewhere).want(200)
	})
}
