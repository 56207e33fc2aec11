package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// series are the names and labels of all that Prometheus reads, with the values.
func (w *world) series() map[string]string {
	w.Helper()
	found := map[string]string{}
	for line := range strings.Lines(w.metrics()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(name, "mintkey_") {
			found[name] = value
		}
	}
	return found
}

// families are the metrics by name.
func (w *world) families() (names []string) {
	w.Helper()
	for line := range strings.Lines(w.metrics()) {
		if name, ok := strings.CutPrefix(line, "# TYPE mintkey_"); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, "mintkey_"+name)
		}
	}
	return names
}

func (w *world) wantSeries(name, want string) {
	w.Helper()
	if got := w.series()[name]; got != want {
		w.Errorf("%s is %q, want %q", name, got, want)
	}
}

// becomes runs the server until it tells all of that.
func (w *world) becomes(want map[string]string) {
	w.Helper()
	defer w.run()()
	w.eventually(fmt.Sprint(want), func() bool {
		got := w.series()
		for name, value := range want {
			if got[name] != value {
				return false
			}
		}
		return true
	})
}

// An increase is seen between two values only, so everything that can be counted is there before it happens (docs/monitoring.md).
func TestMetricsAreThereFromTheStart(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.Certificate = untilMay{} })
	w.withPassword("pia", "mill")
	before := w.series()
	w.exchange(w.mia).want(200)
	w.exchange(person{clientID: w.mia.clientID, secret: "mks_guess"}).want(401)
	w.exchange(person{clientID: "mk_0123456789012345678901", secret: "mks_guess"}).want(401)
	w.postForm(with(inBody(w.mia), "scope", "nothing")).want(400)
	w.postForm(with(inBody(w.mia), "grant_type", "device")).want(400)
	w.postForm(login("mill", "pia", "wrong password")).want(400)
	w.limitKey(w.tom, 1)
	w.exchange(w.tom).want(200)
	w.exchange(w.tom).want(429)
	for range 40 {
		w.exchange(person{clientID: w.mia.clientID, secret: "mks_guess"})
	}
	w.run()()
	for name := range w.series() {
		if _, known := before[name]; !known {
			t.Errorf("%s was not there before it was counted", name)
		}
	}
	for name, want := range map[string]string{
		`mintkey_client_refusals_total{reason="wrong_secret"}`:         "42",
		`mintkey_client_refusals_total{reason="unknown_client"}`:       "1",
		`mintkey_client_refusals_total{reason="not_allowed"}`:          "1",
		`mintkey_client_refusals_total{reason="quota_exceeded"}`:       "1",
		`mintkey_client_refusals_total{reason="revoked"}`:              "0",
		`mintkey_token_refusals_total{error="unsupported_grant_type"}`: "1",
		`mintkey_limits_exceeded_total{budget="secrets-client"}`:       "11",
		`mintkey_limits_exceeded_total{budget="quota-key"}`:            "1",
		`mintkey_limits_fallback_total{budget="secrets-client"}`:       "0",
		`mintkey_store_errors_total{operation="change"}`:               "0",
		`mintkey_http_responses_total{status="5xx"}`:                   "0",
		`mintkey_requests_turned_away_total{queue="programs"}`:         "0",
		`mintkey_tls_certificate_expires_seconds`:                      "1.7776e+09",
	} {
		w.wantSeries(name, want)
	}
}

// untilMay is a certificate.
type untilMay struct{}

func (untilMay) Expires() time.Time { return time.Unix(1_777_600_000, 0) }
func (untilMay) Warnings() []string { return nil }

// An alert tells jobs whose keys have expired from guesses, although the answers are the same (R24).
func TestRefusalsAreCountedByReason(t *testing.T) {
	w := newWorld(t)
	gone := w.makeKey(w.ada, w.mia, "api")
	w.delete(w.ada, "/admin/v1/tenants/forge/keys/"+gone.clientID).want(204)
	w.exchange(gone).want(401)
	w.introspect(gone, "x").want(401)
	w.clock.advance(100 * policy.Day) // the period is 90 days
	w.exchange(w.mia).want(401)
	w.clock.advance(time.Minute)
	w.run()()
	for reason, want := range map[string]string{"expired": "1", "revoked": "2", "unknown_client": "0", "wrong_secret": "0"} {
		w.wantSeries(fmt.Sprintf("mintkey_client_refusals_total{reason=%q}", reason), want)
	}
}

// However many tenants there are and whatever strangers send, Prometheus has as much to keep.
func TestSeriesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.exchange(w.mia).want(200)
	w.raw("BREW", "/oauth2/token").want(405)
	w.raw("GET", "/nowhere").want(404)
	w.exchange(person{clientID: "mk_0123456789012345678901", secret: "mks_guess"}).want(401)
	w.must(w.census())
	before := w.series()
	release, err := policy.ParseRelease("24.3")
	w.must(err)
	var all sync.WaitGroup
	for worker := range 100 {
		all.Go(func() {
			for i := range 10 {
				id := fmt.Sprintf("tenant-%d-%d", worker, i)
				w.must(w.store.CreateTenant(w.Context(), policy.Tenant{ID: id, AccountID: "acme", Name: id, Release: release, CreatedAt: start}))
			}
		})
	}
	all.Wait()
	for i := range 100 {
		id := fmt.Sprintf("tenant-%d-0", i)
		p := w.giveKey(w.admit(person{account: "acme", tenant: id, id: "user" + id}, policy.RoleMember), "api")
		w.exchange(p).want(200)
		w.exchange(person{clientID: p.clientID, secret: "mks_guess"})
		w.exchange(person{clientID: fmt.Sprintf("mk_%022d", i), secret: "mks_guess"})
		w.raw("M"+id, "/oauth2/token").want(405)
		w.raw("M"+id, "/"+id).want(404)
	}
	w.clock.advance(store.CensusEvery)
	w.must(w.census())
	w.becomes(map[string]string{`mintkey_access_keys{state="active"}`: "207"}) // of 107 people, 100 of whom have two
	after := w.series()
	for name := range after {
		if _, known := before[name]; !known {
			t.Errorf("%s is new", name)
		}
	}
}

// census counts the keys as the server that maintains them does.
func (w *world) census() error {
	return store.RefreshCensus(w.Context(), w.store, w.clock.now(), w.clock.now)
}

// Operators see how many keys expire soon, by which they can ask people before jobs fail.
func TestKeysAreCounted(t *testing.T) {
	onEachStore(t, func(w *world) {
		want := func(active, suspended, expired, week, month string) {
			w.Helper()
			w.must(w.census())
			w.becomes(map[string]string{
				`mintkey_access_keys{state="active"}`: active, `mintkey_access_keys{state="suspended"}`: suspended,
				`mintkey_access_keys{state="expired"}`:           expired,
				`mintkey_access_keys_expiring{within_days="7"}`:  week,
				`mintkey_access_keys_expiring{within_days="30"}`: month,
			})
		}
		w.post(w.tom, "/admin/v1/tenants/forge/keys/"+w.mia.clientID+"/suspend", nil).want(200)
		want("6", "1", "0", "0", "0")
		w.clock.advance(61 * policy.Day)
		want("6", "1", "0", "0", "7")
		w.must(w.store.UpdateAccount(w.Context(), "globex", func(a policy.Account) (policy.Account, []policy.Event, error) {
			a.Expiration = policy.ExpirationPolicy{{At: start, Enabled: false, PeriodDays: policy.DefaultPeriodDays}}
			return a, nil, nil
		}))
		w.clock.advance(24 * policy.Day)
		want("6", "1", "0", "5", "5")
		w.clock.advance(6 * policy.Day)
		want("2", "0", "5", "0", "0")
		w.clock.advance(store.CensusEvery - 1)
		w.delete(w.gus, "/admin/v1/tenants/dome/keys/"+w.gil.clientID) // not counted before its time
		want("2", "0", "5", "0", "0")
	})
}

// What the server cannot know otherwise, because another program does it or another server.
func TestBackupsAndOutboxAreWatched(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.run()()
		w.wantSeries("mintkey_last_backup_timestamp_seconds", "0")
		w.wantSeries("mintkey_outbox_entries", "0")
		w.must(store.NoteBackup(w.Context(), w.store, time.Unix(1_800_000_000, 0)))
		w.must(store.NoteBackup(w.Context(), w.store, time.Unix(1_700_000_000, 0))) // by a clock that is behind
		w.makeKey(w.ada, w.mia, "api")
		w.becomes(map[string]string{"mintkey_last_backup_timestamp_seconds": "1.8e+09", "mintkey_outbox_entries": "1"})
		if got := w.series()["mintkey_outbox_oldest_timestamp_seconds"]; !strings.HasPrefix(got, "1.77") {
			w.Errorf("the oldest entry is of %s", got)
		}
	})
}

// docs/monitoring.md lists every metric, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.Certificate = untilMay{} })
	w.server.Metrics().CountSent("mail", func() int64 { return 0 })
	text, err := os.ReadFile("../docs/monitoring.md")
	w.must(err)
	_, section, _ := strings.Cut(string(text), "\n### What to watch\n")
	section, _, _ = strings.Cut(section, "\n### ")
	documented := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `(mintkey_[a-z_]+)").FindAllStringSubmatch(section, -1) {
		documented[match[1]] = true
	}
	w.server.Metrics().TaskDone("key_maintenance", start, context.Canceled)
	w.server.Metrics().TaskDone("key_maintenance", start, nil)
	w.server.Metrics().Delivered("mail", "done")
	served := w.families()
	for _, name := range served {
		if !documented[name] {
			t.Errorf("%s is not in docs/monitoring.md", name)
		}
		delete(documented, name)
	}
	if len(served) < 30 || len(documented) > 0 {
		t.Errorf("of %d metrics served, docs/monitoring.md has these besides: %v", len(served), slices.Sorted(maps.Keys(documented)))
	}
}

// Profiles tell of the program and take its time, so they are served only where that is wanted, and to operators only.
func TestProfiles(t *testing.T) {
	w := newWorld(t)
	public := w.handler
	w.handler = w.server.OpsHandler()
	const path = "/debug/pprof/goroutine?debug=1"
	w.do(w.request(http.MethodGet, path, nil)).want(404)
	w.serve(func(o *server.Options) { o.Profiling = true })
	w.handler = w.server.OpsHandler()
	if body := w.do(w.request(http.MethodGet, path, nil)).want(200).body; !strings.Contains(body, "goroutine profile") {
		t.Errorf("the profile is %s", body)
	}
	for _, what := range []string{"symbol", "trace?seconds=0.01", "heap"} {
		w.do(w.request(http.MethodGet, "/debug/pprof/"+what, nil)).want(200)
	}
	w.do(w.request(http.MethodGet, "/debug/pprof/cmdline", nil)).want(404) // the flags may have secrets
	w.handler = public
	w.raw(http.MethodGet, path).want(404)
}

// Whoever gets the 401, the 403 or the 409 is on the line of the request; a password in the wrong field is not.
func TestRequestLinesSayWhoAsked(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "mill")
	before := len(w.log.String())
	w.exchange(w.mia).want(200)
	w.exchange(person{clientID: w.mia.clientID, secret: "mks_guess"}).want(401)
	w.exchange(person{clientID: "hunter2 is my password", secret: "x"}).want(401)
	w.forwardAuth(forAPI, w.tokenOf(w.mia, "api")).want(204)
	old := w.postForm(login("mill", "pia", password)).want(200).field("access_token")
	r := w.request(http.MethodPost, "/oauth2/revoke", form{"token": {old}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.do(r).want(200)
	w.get(w.mia, "/admin/v1/accounts/acme/audit").want(403)
	want := [][4]string{ // status, tenant, user, client
		{"200", "forge", "mia", w.mia.clientID},
		{"401", "", "", w.mia.clientID},
		{"401", "", "", "unknown, mark "},
		{"200", "forge", "mia", w.mia.clientID},
		{"204", "forge", "mia", w.mia.clientID},
		{"200", "mill", "pia", ""},
		{"200", "mill", "pia", "pia"},
		{"403", "forge", "mia", w.mia.clientID},
	}
	for line := range strings.Lines(w.log.String()[before:]) {
		var got struct {
			Msg    string
			Status int
			Tenant string `json:"tenant_id"`
			User   string `json:"user_id"`
			Client string `json:"client_id"`
			Path   string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		fetched := got.Path == "/oauth2/token" && len(want) == 1 // the token for the last request
		if got.Msg != "request" || got.Path == "/openapi.json" || fetched {
			continue
		}
		if fmt.Sprint(got.Status) != want[0][0] || got.Tenant != want[0][1] || got.User != want[0][2] ||
			!strings.HasPrefix(got.Client, want[0][3]) || (got.Client == "") != (want[0][3] == "") {
			t.Errorf("the line has %+v, want %q", got, want[0])
		}
		want = want[1:]
	}
	if len(want) > 0 || strings.Contains(w.log.String(), "hunter2") {
		t.Errorf("no line for %q", want)
	}
}
