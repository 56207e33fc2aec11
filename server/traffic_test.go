package server_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// traffic is what was counted by now for a source, in the minute of the clock.
func (w *world) traffic(of store.TrafficSource) store.TrafficCounts {
	w.Helper()
	counts, err := w.store.Traffic(w.Context(), of, store.TrafficSpan{Step: store.TrafficMinutes, From: w.clock.now(), Steps: 1})
	w.must(err)
	return counts[0]
}

func (w *world) wantTraffic(of store.TrafficSource, want store.TrafficCounts) {
	w.Helper()
	if got := w.traffic(of); got != want {
		w.Errorf("traffic of %v is %v, want %v", of, got, want)
	}
}

func (p person) traffic() store.TrafficSource {
	return store.TrafficSource{AccountID: p.account, TenantID: p.tenant, ClientID: p.clientID}
}

func TestTrafficIsCounted(t *testing.T) {
	onEachStore(t, func(w *world) {
		for range 3 {
			w.exchange(w.mia).want(200)
		}
		w.login("/v1/auth-client", "?TENANTID=forge", plugins()[0].body(w.mia)).want(200)
		w.login("/v1/auth-client", "?TENANTID=mill", plugins()[0].body(w.mia)).want(401)
		w.postForm(with(inBody(w.mia), "scope", "nothing")).want(400)
		w.postForm(with(inBody(w.mia), "resource", "https://nowhere.example")).want(400)
		wrong := w.mia
		wrong.secret = w.tom.secret
		for range 2 {
			w.exchange(wrong).want(401)
		}
		w.exchange(w.tom).want(200)
		w.exchange(person{clientID: "mk_0123456789abcdefghijkl", secret: w.mia.secret}).want(401)
		w.postForm(form{"grant_type": {"client_credentials"}}).want(401)

		stop := w.run()
		redistest.Eventually(w, "the tokens are counted", func() bool { return w.traffic(w.mia.traffic()).Issued() == 4 })
		w.exchange(w.mia).want(200)
		stop() // saves what is left
		mia := store.TrafficCounts{store.TokenIssued: 5, store.RefusedWrongSecret: 2, store.RefusedRequest: 3}
		w.wantTraffic(w.mia.traffic(), mia)
		w.wantTraffic(w.tom.traffic(), store.TrafficCounts{store.TokenIssued: 1})
		w.wantTraffic(store.TrafficSource{AccountID: "acme", TenantID: "forge"}, mia.Plus(store.TrafficCounts{store.TokenIssued: 1}))
		w.wantTraffic(store.TrafficSource{AccountID: "acme"}, mia.Plus(store.TrafficCounts{store.TokenIssued: 1}))
		w.wantTraffic(store.TrafficSource{}, store.TrafficCounts{}) // whom nobody knows is not kept
		w.clock.advance(time.Minute)
		w.exchange(w.mia).want(200)
		w.run()()
		w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.TokenIssued: 1})
	})
}

func TestTrafficTellsWhyItRefused(t *testing.T) {
	w := newWorld(t)
	revoked := w.giveKey(w.mia, "api")
	w.delete(w.ada, forgeKeys+"/"+revoked.clientID).want(204)
	w.exchange(revoked).want(401)
	w.exchange(revoked).want(401)
	pia := w.withPassword("pia", "mill")
	w.postForm(login("mill", "pia", password)).want(200)
	for range 11 { // sooner or later answered 429, which is counted as well
		w.postForm(login("mill", "pia", "wrong"))
	}
	w.postForm(login("forge", "pia", password)).want(400) // a tenant without passwords
	w.run()()
	w.wantTraffic(revoked.traffic(), store.TrafficCounts{store.RefusedRevoked: 2})
	pia.clientID = store.TrafficPasswords
	w.wantTraffic(pia.traffic(), store.TrafficCounts{store.TokenIssued: 1, store.RefusedWrongSecret: 11})
	w.clock.advance(100 * 24 * time.Hour)
	w.exchange(w.mia).want(401)
	w.run()()
	w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.RefusedExpired: 1})
}

// Wrong secrets are counted as such even after the answer has become 429.
func TestTrafficOfGuesses(t *testing.T) {
	w := newWorld(t)
	wrong := w.mia
	wrong.secret = w.tom.secret
	refused := 0
	for range 50 {
		if w.exchange(wrong).status == 429 {
			refused++
		}
	}
	w.run()()
	if refused == 0 {
		t.Error("nobody was slowed down")
	}
	w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.RefusedWrongSecret: 50})
}

func TestTrafficSurvivesFailures(t *testing.T) {
	w, faults := newFaultyWorld(t)
	w.exchange(w.mia).want(200)
	faults.fail("RecordTraffic", store.ErrUnavailable)
	w.run()() // fails to save
	if !strings.Contains(w.log.String(), `"tasks":"saving traffic"`) {
		t.Errorf("the log does not tell: %s", w.log)
	}
	w.exchange(w.mia).want(200)
	faults.fail("", nil)
	w.run()()
	w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.TokenIssued: 2})
	w.run()() // nothing twice
	w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.TokenIssued: 2})
}

// Many programs at once, while batches are saved.
func TestTrafficOfManyAtOnce(t *testing.T) {
	w := newWorld(t)
	const programs, each = 8, 20
	stop := w.run()
	var done sync.WaitGroup
	for range programs {
		done.Go(func() {
			for range each {
				if status := w.exchange(w.mia).status; status != 200 {
					t.Errorf("answered %d", status)
				}
			}
		})
	}
	done.Wait()
	stop()
	w.wantTraffic(w.mia.traffic(), store.TrafficCounts{store.TokenIssued: programs * each})
}
