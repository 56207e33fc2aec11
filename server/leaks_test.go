package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/leaks"
	"mintkey/store"
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
		{`{"secrets":"x"}`, 400},
		{`{"secret":["x"]}`, 400},
		{`[1]`, 400},
		{`"x"`, 400},
		{``, 400},
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

// A report that is accepted while the store is away is worked off once it is back; when too many wait, whoever comes is told so, whatever
// they report.
func TestLeaksWhileTheStoreIsAway(t *testing.T) {
	eachWayToBeAway(t, func(w *world, leave, comeBack func()) {
		p := w.makeKey(w.ada, w.newMember(), "api")
		leave()
		unknown := policy.NewClientSecret([32]byte{1}).Reveal()
		w.report(leakOf(p.secret)).want(202)
		var waiting sync.WaitGroup
		var turnedAway atomic.Int64
		for n := range 103 { // one is worked on, and a hundred can wait
			waiting.Go(func() {
				a := w.report(leakOf(unknown), func(r *http.Request) { r.RemoteAddr = fmt.Sprintf("203.0.113.%d:1", n) })
				if a.status == 503 {
					turnedAway.Add(1)
				} else if a.status != 202 {
					w.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		waiting.Wait()
		comeBack()
		if n := turnedAway.Load(); n < 2 || n > 4 {
			w.Errorf("%d of 104 reports were turned away", n)
		}
		w.eventually("the report", func() bool {
			events, err := w.store.Events(w.Context(), "acme", store.EventsQuery{Limit: 100})
			return err == nil && slices.ContainsFunc(events, func(e policy.Event) bool {
				return e.Action == policy.ActionKeyLeaked && e.ClientID == p.clientID
			})
		})
		w.exchange(p).wantError(401, "invalid_client")
	})
}

// gitHub is GitHub's side of its secret scanning partner program, with a key of its own.
type gitHub struct {
	*testing.T
	key *ecdsa.PrivateKey
}

func newGitHub(t *testing.T) gitHub {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return gitHub{t, key}
}

// document is what https://api.github.com/meta/public_keys/secret_scanning would serve.
func (g gitHub) document() []byte {
	der, err := x509.MarshalPKIXPublicKey(&g.key.PublicKey)
	if err != nil {
		g.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"public_keys": []map[string]any{{
		"key_identifier": "id-1", "is_current": true, "key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}}})
	if err != nil {
		g.Fatal(err)
	}
	return text
}

// sign signs a body as GitHub does: SHA-256, ECDSA, DER, base64.
func (g gitHub) sign(body, identifier string) func(*http.Request) {
	digest := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, g.key, digest[:])
	if err != nil {
		g.Fatal(err)
	}
	return func(r *http.Request) {
		r.Header.Set("Github-Public-Key-Identifier", identifier)
		r.Header.Set("Github-Public-Key-Signature", base64.StdEncoding.EncodeToString(signature))
	}
}

func found(secrets ...string) string {
	all := []map[string]string{}
	for _, secret := range secrets {
		all = append(all, map[string]string{
			"token": secret, "type": "mintkey_client_secret", "url": "https://github.com/o/r/blob/main/f#L1", "source": "content",
		})
	}
	text, _ := json.Marshal(all) // never fails
	return string(text)
}

// A report that GitHub has signed counts as GitHub's, and has no budget by address. One that only says so does nothing, though its answer
// is the same; one that is not signed is anybody's.
func TestGitHubReports(t *testing.T) {
	hub, stranger := newGitHub(t), newGitHub(t)
	w := newWorld(t, func(o *server.Options) {
		o.GitHubKeys = func() (leaks.GitHubKeys, error) { return leaks.ParseGitHubKeys(hub.document()) }
	})
	defer w.run()()
	p := w.makeKey(w.ada, w.newMember(), "api")
	body := found(p.secret)
	for name, forged := range map[string]func(*http.Request){
		"another key":          stranger.sign(body, "id-1"),
		"another identifier":   hub.sign(body, "id-2"),
		"another body":         hub.sign(body+" ", "id-1"),
		"no signature":         func(r *http.Request) { r.Header.Set("Github-Public-Key-Identifier", "id-1") },
		"no identifier":        func(r *http.Request) { r.Header.Set("Github-Public-Key-Signature", "AAAA") },
		"no base64":            func(r *http.Request) { hub.sign(body, "id-1")(r); r.Header.Set("Github-Public-Key-Signature", "*") },
		"an unsigned empty id": func(r *http.Request) { hub.sign(body, "")(r) },
	} {
		if a := w.report(body, forged).want(202); a.body != "" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	w.settleLeaks()
	if n := len(w.leaks(p)); n != 0 {
		t.Fatal("a forged report has stopped a key")
	}
	w.exchange(p).want(200)
	if log := w.log.String(); !strings.Contains(log, "its signature is wrong") {
		t.Error("the log does not say that reports are ignored")
	}

	all := []string{p.secret}
	for i := range 150 {
		all = append(all, policy.NewClientSecret([32]byte{byte(i), 7}).Reveal())
	}
	body = found(all...)
	w.report(body).want(400) // too many for anybody
	var signed sync.WaitGroup
	for range 80 { // more than the budget of an address
		signed.Go(func() {
			if a := w.report(`[]`, hub.sign(`[]`, "id-1")); a.status != 202 {
				t.Errorf("a signed report is answered %d", a.status)
			}
		})
	}
	signed.Wait()
	w.report(body, hub.sign(body, "id-1")).want(202)
	w.eventually("GitHub's report", func() bool { return len(w.leaks(p)) == 1 })
	events := slices.DeleteFunc(w.eventsOf(policy.ActionKeyLeaked), func(e policy.Event) bool { return e.ClientID != p.clientID })
	want := map[string]string{"effect": "suspended", "url": "https://github.com/o/r/blob/main/f#L1", "reported_by": "github"}
	if diff := cmp.Diff(want, events[0].Details); diff != "" || events[0].Payload.Leak.URL == "" {
		t.Errorf("%s\n%+v", diff, events[0].Payload.Leak)
	}
}

func TestGitHubKeysThatAreNone(t *testing.T) {
	for _, text := range []string{
		"", "{}", `{"public_keys":[]}`, `{"public_keys":[{"key_identifier":"a","key":"x"}]}`,
		`{"public_keys":[{"key_identifier":"a","key":"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}]}`,
	} {
		if keys, err := leaks.ParseGitHubKeys([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, keys)
		}
	}
}
