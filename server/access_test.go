package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/redistest"
)

// lastAccess is when the key was last used, as an admin sees it.
func (w *world) lastAccess(p person) string {
	w.Helper()
	return w.get(w.olga, "/admin/v1/tenants/"+p.tenant+"/keys/"+p.clientID).want(200).peek("last_access_at")
}

func (w *world) savedAccess(p person) time.Time {
	w.Helper()
	times, err := w.store.AccessTimes(w.Context(), p.tenant, []string{p.clientID})
	w.must(err)
	return times[p.clientID]
}

func TestLastAccess(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.clock.advance(time.Minute)
		w.exchange(w.mia).want(200)
		used := w.clock.now()
		// Visible at once on the replica that issued the token, and soon after in the store.
		if got := w.lastAccess(w.mia); got != used.Format(time.RFC3339Nano) {
			w.Errorf("last access %q, want %s", got, used)
		}
		w.clock.advance(time.Minute)
		wrong := w.mia
		wrong.secret = w.tom.secret
		w.exchange(wrong).want(401)
		w.postForm(with(inBody(w.mia), "scope", "nothing")).want(400)
		if got := w.lastAccess(w.mia); got != used.Format(time.RFC3339Nano) {
			w.Errorf("a refused request counts as an access: %q", got)
		}
		stop := w.run()
		redistest.Eventually(w, "the access is saved", func() bool { return w.savedAccess(w.mia).Equal(used) })
		w.exchange(w.mia).want(200)
		stop() // saves what is left
		if got := w.savedAccess(w.mia); !got.Equal(w.clock.now()) {
			w.Errorf("saved %s, want %s", got, w.clock.now())
		}
	})
}

// Times that could not be saved are saved later, and an older time never replaces a newer one.
func TestLastAccessSurvivesFailures(t *testing.T) {
	w, faults := newFaultyWorld(t)
	first := w.clock.now()
	w.exchange(w.mia).want(200)
	w.exchange(w.tom).want(200)
	faults.fail("RecordAccess", store.ErrUnavailable)
	w.run()() // fails to save
	if !w.savedAccess(w.mia).IsZero() || !strings.Contains(w.log.String(), `"tasks":"saving last access"`) {
		t.Errorf("saved %s; log %s", w.savedAccess(w.mia), w.log)
	}
	w.clock.advance(time.Hour)
	w.exchange(w.mia).want(200)
	faults.fail("", nil)
	w.run()()
	if mia, tom := w.savedAccess(w.mia), w.savedAccess(w.tom); !mia.Equal(first.Add(time.Hour)) || !tom.Equal(first) {
		t.Errorf("saved %s and %s", mia, tom)
	}
	w.clock.set(first) // a clock that goes backwards
	w.exchange(w.mia).want(200)
	w.run()()
	if got := w.savedAccess(w.mia); !got.Equal(first.Add(time.Hour)) {
		t.Errorf("the last access moved back to %s", got)
	}
	if got := w.lastAccess(w.mia); got != first.Add(time.Hour).Format(time.RFC3339Nano) {
		t.Errorf("the last access is shown as %s", got)
	}
	w.clock.set(first.Add(2 * time.Hour))
	w.exchange(w.mia).want(200)
	w.clock.set(first)
	w.exchange(w.mia).want(200) // before the later one is saved
	w.run()()
	if got := w.savedAccess(w.mia); !got.Equal(first.Add(2 * time.Hour)) {
		t.Errorf("saved %s, want the latest", got)
	}
}

// A last access that is saved after the key was refreshed or revoked leaves both as they are.
func TestLateAccessChangesNoKey(t *testing.T) {
	onEachStore(t, func(w *world) {
		key := w.giveKey(w.mia, "api")
		w.exchange(key).want(200)
		w.exchange(w.tom).want(200)
		renewed := w.refresh(w.tom, key, nil).want(200).created(key)
		w.delete(w.ada, forgeKeys+"/"+w.tom.clientID).want(204)
		w.run()()
		w.exchange(key).want(401)
		w.exchange(renewed).want(200)
		w.exchange(w.tom).want(401)
		if got := w.lastAccess(renewed); got != start.Format(time.RFC3339Nano) {
			w.Errorf("last access %q", got)
		}
	})
}

// The address in the trail is that of the client. X-Forwarded-For is believed as far as it comes from trusted proxies.
func TestAddressOfClients(t *testing.T) {
	w := newWorld(t, func(o *server.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	})
	for i, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1234", nil, "192.0.2.1"},
		{"192.0.2.1:1234", []string{"198.51.100.7"}, "192.0.2.1"},
		{"10.0.0.1:1234", nil, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"203.0.113.9", "198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"203.0.113.9,198.51.100.7, 10.1.2.3 ,10.9.9.9"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"10.2.2.2"}, "10.2.2.2"},
		{"10.0.0.1:1234", []string{"198.51.100.7:51008"}, "198.51.100.7"}, // Azure Application Gateway
		{"10.0.0.1:1234", []string{"203.0.113.9:1, 198.51.100.7:51008, 10.1.2.3:443"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"[2001:db8::7]:51008"}, "2001:db8::7"},
		{"10.0.0.1:1234", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"10.0.0.1:1234", []string{`"[2001:db8::7]:51008"`}, "2001:db8::7"},
		{"10.0.0.1:1234", []string{`"198.51.100.7"`}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"198.51.100.7,"}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"198.51.100.7", ""}, "198.51.100.7"},
		{"10.0.0.1:1234", []string{"unknown"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"[198.51.100.7]"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.7:99999"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{`"`}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"[]"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"nonsense"}, "10.0.0.1"},
		{"10.0.0.1:1234", []string{"198.51.100.7, nonsense, 10.1.2.3"}, "10.1.2.3"},
		{"10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"[fd00::1]:1234", []string{"2001:db8::7"}, "2001:db8::7"},
		{"[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"[2001:db8::1]:1234", []string{"198.51.100.7"}, "2001:db8::1"},
		{"10.0.0.1:1234", []string{"fe80::7%\"any text\""}, "fe80::7"}, // a zone means something on one machine only
		{"10.0.0.1:1234", []string{"2001:db8::7, fd00::1%x"}, "2001:db8::7"},
		{"[fe80::7%eth0]:1234", nil, "fe80::7"},
	} {
		name := fmt.Sprint("n", i)
		r := w.request("PATCH", acmeUsers+"/mia", map[string]string{"name": name})
		authorization("Bearer " + w.tokenOf(w.ada, ""))(r)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = c.peer, c.forwarded
		w.clock.advance(time.Second)
		w.do(r).want(200)
		var trail struct{ Items []policy.Event }
		w.get(w.ada, acmeAudit+"?limit=1").want(200).into(&trail)
		if got := trail.Items[0].Actor.Address; got != c.want {
			t.Errorf("from %s with X-Forwarded-For %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestOpsHandler(t *testing.T) {
	w, faults := newFaultyWorld(t)
	w.exchange(w.mia).want(200)
	w.exchange(person{clientID: "mk_unknown", secret: "x"}).want(401)
	w.handler = w.server.OpsHandler()
	get := func(path string) answer { return w.do(w.request(http.MethodGet, path, nil)) }
	if body := get("/healthz").want(200).body; !strings.Contains(body, `"version":"test"`) {
		t.Error(body)
	}
	get("/readyz").want(200)
	body := get("/metrics").want(200).body
	for _, line := range []string{
		`mintkey_tokens_issued_total{grant_type="client_credentials"} 1`,
		`mintkey_token_refusals_total{error="invalid_client"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no %s in the metrics", line)
		}
	}
	if strings.Contains(body, "mia") || strings.Contains(body, "forge") || strings.Contains(body, w.mia.clientID) {
		t.Error("a metric names somebody")
	}
	faults.fail("Ping", store.ErrUnavailable)
	get("/readyz").want(503)
	get("/healthz").want(200)
	get("/admin/v1/accounts").want(404)
}
