package server_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

const leaksPath = "/leaks"

// report hands in secrets, as anybody can.
func (w *world) report(body any, adjust ...func(*http.Request)) answer {
	w.Helper()
	r := w.request("POST", leaksPath, body)
	for _, change := range adjust {
		change(r)
	}
	return w.do(r)
}

func leakOf(secrets ...string) map[string]any {
	return map[string]any{"secrets": secrets, "url": "https://me:pw@code.example/f?token=x#L1"}
}

// leaks are the effects that are recorded for the key, newest first.
func (w *world) leaks(p person) (effects []string) {
	w.Helper()
	for _, event := range w.eventsOf(policy.ActionKeyLeaked) {
		if event.ClientID == p.clientID {
			effects = append(effects, event.Details[policy.DetailEffect])
		}
	}
	return effects
}

// settleLeaks waits until all reports so far are worked off: they are, one after the other.
func (w *world) settleLeaks() {
	w.Helper()
	last := w.makeKey(w.ada, w.newMember(), "api")
	w.report(leakOf(last.secret)).want(202)
	w.eventually("the last report", func() bool { return len(w.leaks(last)) == 1 })
}

// R35: a current secret stops at once and for good, with its tokens; only a refresh without overlap brings the key back.
func TestLeakedSecretStops(t *testing.T) {
	onEachStore(t, func(w *world) {
		defer w.run()()
		p := w.makeKey(w.ada, w.newMember(), "api", "self")
		token := w.tokenOf(p, "api")
		w.report(leakOf(p.secret)).want(202)
		w.eventually("the report", func() bool { return len(w.leaks(p)) == 1 })
		w.exchange(p).wantError(401, "invalid_client")
		w.wantDead("leaked", token)
		if key := w.key(p); key.Status != policy.StatusSuspended || key.Reason != policy.LeakedReason {
			w.Errorf("the key is %s for %q", key.Status, key.Reason)
		}
		event := w.eventsOf(policy.ActionKeyLeaked)[0]
		want := map[string]string{"effect": "suspended", "url": "https://code.example/f#L1"}
		if diff := cmp.Diff(want, event.Details); diff != "" || event.Actor.Address == "" || event.UserID != p.id {
			w.Errorf("the event is %+v\n%s", event, diff)
		}
		w.report(leakOf(p.secret)).want(202) // again
		w.post(w.ada, keyPath(p, "resume"), nil).wantCode(409, "refresh_required")
		w.refresh(w.ada, p, map[string]any{"overlap_seconds": 60}).wantCode(409, "refresh_required")
		renewed := w.refreshKey(p, nil)
		w.wantAlive("refreshed", w.tokenOf(renewed, "api"))
		w.wantDead("refreshed", token)
		w.exchange(p).wantError(401, "invalid_client")
		w.settleLeaks()
		if diff := cmp.Diff([]string{"suspended"}, w.leaks(p)); diff != "" {
			w.Error(diff)
		}
	})
}

// R35: the old secret of an overlap only ends the overlap; one that opens nothing changes nothing; the answers are the same.
func TestLeakedSecretThatIsNotCurrent(t *testing.T) {
	onEachStore(t, func(w *world) {
		defer w.run()()
		overlapped := w.makeKey(w.ada, w.newMember(), "api", "self")
		current := w.refreshKey(overlapped, map[string]any{"overlap_seconds": 3600})
		old, fresh := w.tokenOf(overlapped, "api"), w.tokenOf(current, "api")
		expired := w.giveKey(w.newMember(), "api")
		w.clock.advance(time.Minute)
		unknown := policy.NewClientSecret([32]byte{1}).Reveal()
		first := w.report(leakOf(unknown)).want(202)
		for _, body := range []any{
			leakOf(overlapped.secret), leakOf(overlapped.secret), leakOf("no secret", "", strings.Repeat("x", 100_000)), `{"secrets":[]}`,
			`[{"token":"` + unknown + `","type":"mintkey","url":"x","source":"content","more":1}]`, `[]`,
		} {
			a := w.report(body).want(202)
			a.header.Set("X-Request-Id", first.header.Get("X-Request-Id"))
			if diff := cmp.Diff(first.header, a.header); diff != "" || a.body != "" {
				w.Errorf("not the same answer: %s %s", a.body, diff)
			}
		}
		w.settleLeaks()
		w.exchange(overlapped).wantError(401, "invalid_client")
		w.wantDead("of the old secret", old)
		w.wantAlive("of the current secret", fresh)
		if diff := cmp.Diff([]string{"overlap_ended"}, w.leaks(current)); diff != "" {
			w.Error(diff)
		}
		w.clock.advance(90 * policy.Day)
		w.report(leakOf(expired.secret, current.secret)).want(202)
		w.clock.advance(-80 * policy.Day)
		w.settleLeaks()
		if all := w.eventsOf(policy.ActionKeyLeaked); len(w.leaks(expired)) > 0 || len(w.leaks(current)) > 1 {
			w.Errorf("an expired secret has changed something: %+v", all)
		}
	})
}

// What is no report is refused, whatever the secrets in it are.
func TestNoLeakReport(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		body   string
		status int
	}{
		{`{"secrets":"x"}`, 400}, {`{"secret":["x"]}`, 400}, {`[1]`, 400}, {`"x"`, 400}, {``, 400},
		{`{"secrets":[` + strings.Repeat(`"x",`, 100) + `"x"]}`, 400},
		{`{"secrets":["` + strings.Repeat("x", 1<<20) + `"]}`, 413},
	} {
		w.report(row.body).want(row.status)
	}
	w.report(`{}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }).want(415)
}

// A storm of unknown secrets changes nothing; past its budget an address is told to come back, while others are heard.
func TestLeakStorm(t *testing.T) {
	onEachStore(t, func(w *world) {
		defer w.run()()
		var storm sync.WaitGroup
		var refused atomic.Int64
		for n := range 100 { // the budget is 60, and one more each second
			storm.Go(func() {
				var secrets []string
				for i := range 100 {
					secrets = append(secrets, policy.NewClientSecret([32]byte{byte(n), byte(i), 1}).Reveal())
				}
				a := w.report(leakOf(secrets...))
				if a.status == 429 && a.header.Get("Retry-After") != "" {
					refused.Add(1)
				} else if a.status != 202 {
					w.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		storm.Wait()
		if n := refused.Load(); n == 0 || n > 40 {
			w.Errorf("%d of 100 reports were refused", n)
		}
		p := w.makeKey(w.ada, w.newMember(), "api")
		w.report(leakOf(p.secret), func(r *http.Request) { r.RemoteAddr = "203.0.113.9:1" }).want(202)
		w.eventually("the report from another address", func() bool { return len(w.leaks(p)) == 1 })
		if n := len(w.eventsOf(policy.ActionKeyLeaked)); n != 1 {
			w.Errorf("%d leaks recorded", n)
		}
	})
}

// A leak beside a refresh or a revocation: the new secret lives, and what is gone stays gone.
func TestLeakRaces(t *testing.T) {
	onEachStore(t, func(w *world) {
		defer w.run()()
		for round := range 8 {
			refreshed, revoked := w.makeKey(w.ada, w.newMember(), "api"), w.makeKey(w.ada, w.newMember(), "api")
			renewed := refreshed
			var race sync.WaitGroup
			race.Go(func() { w.report(leakOf(refreshed.secret, revoked.secret)).want(202) })
			race.Go(func() { renewed = w.refreshKey(refreshed, nil) })
			race.Go(func() { w.delete(w.ada, keyPath(revoked)).want(204) })
			race.Wait()
			if round == 7 {
				w.settleLeaks()
			}
			w.exchange(renewed).want(200)
			w.exchange(refreshed).wantError(401, "invalid_client")
			w.get(w.ada, keyPath(revoked)).want(404)
		}
	})
}
