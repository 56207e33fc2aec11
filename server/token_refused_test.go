package server_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func query(text string) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery = text }
}

func method(name string) func(*http.Request) {
	return func(r *http.Request) { r.Method = name }
}

// Every way to ask wrongly, and the error of RFC 6749 section 5.2 that answers it.
func TestTokenRefusals(t *testing.T) {
	w := newWorld(t)
	good := inBody(w.mia).Encode()
	rightBasic := basic(w.mia.clientID, w.mia.secret)
	encoded := base64.StdEncoding.EncodeToString([]byte(w.mia.clientID + ":" + w.mia.secret))
	for _, c := range []struct {
		name   string
		body   string
		adjust []func(*http.Request)
		status int
		code   string
	}{
		{"no grant type", with(inBody(w.mia), "grant_type").Encode(), nil, 400, "invalid_request"},
		{"empty grant type", with(inBody(w.mia), "grant_type", "").Encode(), nil, 400, "invalid_request"},
		{"empty body", "", nil, 400, "invalid_request"},
		{"unknown grant type", with(inBody(w.mia), "grant_type", "magic").Encode(), nil, 400, "unsupported_grant_type"},
		{"grant type in capitals", with(inBody(w.mia), "grant_type", "CLIENT_CREDENTIALS").Encode(), nil, 400, "unsupported_grant_type"},
		{"authorization code", with(inBody(w.mia), "grant_type", "authorization_code").Encode(), nil, 400, "unsupported_grant_type"},
		{"grant type in the query", "", []func(*http.Request){query("grant_type=client_credentials"), rightBasic}, 400, "invalid_request"},

		{"no client", "grant_type=client_credentials", nil, 401, "invalid_client"},
		{"client without a secret", with(inBody(w.mia), "client_secret").Encode(), nil, 401, "invalid_client"},
		{"empty secret", with(inBody(w.mia), "client_secret", "").Encode(), nil, 401, "invalid_client"},
		{"secret without a client", with(inBody(w.mia), "client_id").Encode(), nil, 401, "invalid_client"},
		{
			"client in the query", "grant_type=client_credentials&client_secret=" + w.mia.secret,
			[]func(*http.Request){query("client_id=" + w.mia.clientID)},
			401, "invalid_client",
		},
		{"secret in the query", good, []func(*http.Request){query("client_secret=" + w.mia.secret)}, 400, "invalid_request"},
		{"password in the query", good, []func(*http.Request){query("x=1&password=hunter22")}, 400, "invalid_request"},
		{"body and Basic", good, []func(*http.Request){rightBasic}, 400, "invalid_request"},
		{"body and another scheme", good, []func(*http.Request){authorization("Digest abc")}, 400, "invalid_request"},
		{"body and two headers", good, []func(*http.Request){authorization("Bearer abc", "Bearer abc")}, 400, "invalid_request"},
		{"another audience", good + "&audience=https://unknown.example", nil, 400, "invalid_target"},
		{"audience beside another resource", good + "&audience=https://api.example&resource=https://other.example", nil, 400, "invalid_target"},
		{"audience twice", good + "&audience=https://api.example&audience=https://api.example", nil, 400, "invalid_request"},
		{
			"Basic for one, body for another", with(grantType(), "client_id", w.tom.clientID).Encode(),
			[]func(*http.Request){rightBasic},
			400, "invalid_request",
		},
		{
			"two Authorization headers", "grant_type=client_credentials",
			[]func(*http.Request){authorization("Basic "+encoded, "Basic "+encoded)},
			400, "invalid_request",
		},
		{"Bearer", "grant_type=client_credentials", []func(*http.Request){authorization("Bearer " + encoded)}, 401, "invalid_client"},
		{"an empty header", "grant_type=client_credentials", []func(*http.Request){authorization("")}, 401, "invalid_client"},
		{"Basic without anything", "grant_type=client_credentials", []func(*http.Request){authorization("Basic")}, 401, "invalid_client"},
		{
			"Basic with two spaces", "grant_type=client_credentials",
			[]func(*http.Request){authorization("Basic  " + encoded)},
			401, "invalid_client",
		},
		{"Basic with a tab", "grant_type=client_credentials", []func(*http.Request){authorization("Basic\t" + encoded)}, 401, "invalid_client"},
		{"Basic that is not base64", "grant_type=client_credentials", []func(*http.Request){authorization("Basic !!!!")}, 401, "invalid_client"},
		{
			"two Basics in one header", "grant_type=client_credentials",
			[]func(*http.Request){authorization("Basic " + encoded + ", Basic " + encoded)},
			401, "invalid_client",
		},
		{
			"Basic without a colon", "grant_type=client_credentials",
			[]func(*http.Request){authorization("Basic " + base64.StdEncoding.EncodeToString([]byte(w.mia.clientID)))},
			401, "invalid_client",
		},
		{"Basic without an ID", "grant_type=client_credentials", []func(*http.Request){basic("", w.mia.secret)}, 401, "invalid_client"},
		{"Basic without a secret", "grant_type=client_credentials", []func(*http.Request){basic(w.mia.clientID, "")}, 401, "invalid_client"},
		{
			"Basic with a bad escape", "grant_type=client_credentials",
			[]func(*http.Request){basic(w.mia.clientID, "%zz"+w.mia.secret)},
			401, "invalid_client",
		},
		{"Basic that is not UTF-8", "grant_type=client_credentials", []func(*http.Request){basic("\xff", w.mia.secret)}, 401, "invalid_client"},
		{"secret of another client", with(inBody(w.mia), "client_secret", w.tom.secret).Encode(), nil, 401, "invalid_client"},
		{"secret and more", with(inBody(w.mia), "client_secret", w.mia.secret+"x").Encode(), nil, 401, "invalid_client"},
		{"a prefix of the secret", with(inBody(w.mia), "client_secret", w.mia.secret[:20]).Encode(), nil, 401, "invalid_client"},
		{"ID in capitals", with(inBody(w.mia), "client_id", strings.ToUpper(w.mia.clientID)).Encode(), nil, 401, "invalid_client"},
		{"an endless ID", with(inBody(w.mia), "client_id", strings.Repeat("a", 60_000)).Encode(), nil, 401, "invalid_client"},

		{"grant type twice", good + "&grant_type=client_credentials", nil, 400, "invalid_request"},
		{"scope twice", good + "&scope=api&scope=api", nil, 400, "invalid_request"},
		{"ID twice", good + "&client_id=" + w.mia.clientID, nil, 400, "invalid_request"},
		{"secret twice", good + "&client_secret=x", nil, 400, "invalid_request"},
		{"unknown parameter twice", good + "&nonce=1&nonce=2", nil, 400, "invalid_request"},
		{"bad escape", good + "&scope=%zz", nil, 400, "invalid_request"},
		{"bad escape at the end", good + "&x=%", nil, 400, "invalid_request"},
		{"semicolon", good + ";scope=api", nil, 400, "invalid_request"},
		{"NUL", good + "&scope=api%00", nil, 400, "invalid_request"},
		{"not UTF-8", good + "&scope=%ff", nil, 400, "invalid_request"},
		{"name that is not UTF-8", good + "&%ff=1", nil, 400, "invalid_request"},

		{
			"JSON", `{"grant_type":"client_credentials"}`,
			[]func(*http.Request){header("Content-Type", "application/json")},
			400, "invalid_request",
		},
		{"JSON as a form", `{"grant_type":"client_credentials"}`, nil, 400, "invalid_request"},
		{"multipart", good, []func(*http.Request){header("Content-Type", "multipart/form-data; boundary=x")}, 400, "invalid_request"},
		{"plain text", good, []func(*http.Request){header("Content-Type", "text/plain")}, 400, "invalid_request"},
		{"no media type", good, []func(*http.Request){func(r *http.Request) { r.Header.Del("Content-Type") }}, 400, "invalid_request"},
		{
			"malformed media type", good,
			[]func(*http.Request){header("Content-Type", "application/x-www-form-urlencoded;;")},
			400, "invalid_request",
		},
		{"a body without end", good + "&x=" + strings.Repeat("y", 64<<10), nil, 413, "invalid_request"},

		{"GET", "", []func(*http.Request){method("GET"), query(good)}, 405, "invalid_request"},
		{"HEAD", good, []func(*http.Request){method("HEAD")}, 405, "invalid_request"},
		{"PUT", good, []func(*http.Request){method("PUT")}, 405, "invalid_request"},
		{"OPTIONS", good, []func(*http.Request){method("OPTIONS")}, 405, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.T = t
			a := w.postText(c.body, c.adjust...)
			a.wantError(c.status, c.code).wantHeader("Cache-Control", "no-store").wantHeader("Pragma", "no-cache")
			if a.field("error_description") == "" || a.header.Get("X-Request-Id") == "" {
				t.Errorf("%s %v", a.body, a.header)
			}
			for _, text := range []string{w.mia.secret, w.tom.secret, "hunter22"} {
				if strings.Contains(a.body, text) {
					t.Errorf("the answer repeats a secret: %s", a.body)
				}
			}
			switch c.status {
			case 401:
				a.wantHeader("WWW-Authenticate", `Basic realm="`+issuer+`"`)
			case 405:
				a.wantHeader("Allow", "POST")
			}
		})
	}
}

func TestTokenErrorsOnTheWire(t *testing.T) {
	w := newWorld(t)
	w.postForm(with(inBody(w.mia), "client_secret", "wrong")).want(401).golden("invalid_client")
	w.postForm(form{}).want(400).golden("invalid_request")
	w.postForm(with(inBody(w.mia), "scope", `no "such"`)).want(400).golden("invalid_scope")
	w.postForm(with(inBody(w.mia), "grant_type", "magic")).want(400).golden("unsupported_grant_type")
	w.postForm(with(inBody(w.mia), "resource", "https://stranger.example")).want(400).golden("invalid_target")
}

// The trail has a reason of its own for each refusal (R24): also for one of a client that was let in first, and for one of a key that was
// revoked before the trail was written.
func TestEachRefusalHasItsReason(t *testing.T) {
	onEachStore(t, func(w *world) {
		ending := w.miller()
		gone := w.miller()
		wrong := gone
		wrong.secret = w.mia.secret
		w.exchange(wrong).wantError(401, "invalid_client")
		w.delete(w.ada, keyPath(gone)).want(204)
		w.exchange(gone).wantError(401, "invalid_client")

		elsewhere := w.miller()
		body := map[string]string{"client_id": elsewhere.clientID, "client_secret": elsewhere.secret}
		w.do(w.request(http.MethodPost, "/v1/auth-client?TENANTID=forge", body)).want(401)

		w.run()()
		w.wantTraffic(gone.traffic(), store.TrafficCounts{store.RefusedWrongSecret: 1, store.RefusedRevoked: 1})
		w.clock.set(start.Add(90*policy.Day - 100*time.Millisecond))
		w.exchange(ending).wantError(401, "invalid_client")
		w.run()()

		got := map[string]string{}
		for _, event := range w.eventsOf(policy.ActionTokenRefused) {
			got[event.ClientID] += event.Details["reason"] + " " + event.Details["count"] + " "
		}
		for name, want := range map[string]struct {
			clientID string
			events   []string
		}{
			"ends within this second": {ending.clientID, []string{"expired 1 "}},
			"revoked later":           {gone.clientID, []string{"wrong_secret 1 ", "revoked 1 "}},
			"another tenant":          {elsewhere.clientID, []string{"not_allowed 1 "}},
		} {
			for _, event := range want.events {
				before := len(got[want.clientID])
				if got[want.clientID] = strings.Replace(got[want.clientID], event, "", 1); len(got[want.clientID]) == before {
					t.Errorf("%s: no event %q", name, event)
				}
			}
			if left := got[want.clientID]; left != "" {
				t.Errorf("%s: events %q too", name, left)
			}
		}
	})
}

// What no client means as authentication does not stand in the way of credentials in the body: an empty Authorization header, or a Bearer
// token that an interceptor adds to every request.
func TestAHeaderForAnotherPurpose(t *testing.T) {
	w := newWorld(t)
	for _, value := range []string{"", "Bearer abc", "bearer " + w.tokenOf(w.mia, ""), "Bearer"} {
		w.postText(inBody(w.mia).Encode(), authorization(value)).want(200)
		wrong := with(inBody(w.mia), "client_secret", w.tom.secret)
		w.postText(wrong.Encode(), authorization(value)).wantError(401, "invalid_client")
	}
}

// audience is resource by another name.
func TestAudienceIsResource(t *testing.T) {
	w := newWorld(t)
	for _, audience := range []string{"https://api.example", "https://other.example", issuer} {
		one := with(inBody(w.ada), "audience", audience)
		for _, request := range []form{one, with(one, "resource", audience)} {
			if got := w.claims(w.postForm(request).want(200).field("access_token")).Audience; got[0] != audience {
				t.Errorf("asked for %s: a token for %s", audience, got)
			}
		}
	}
}

// White space that the grammar of scope does not have is named as such (RFC 6749 section 3.3).
func TestWhiteSpaceInScope(t *testing.T) {
	w := newWorld(t)
	for _, scope := range []string{"api ", " api", "api  reports", "api\n", "api\treports\n", " "} {
		a := w.postForm(with(inBody(w.mia), "scope", scope)).wantError(400, "invalid_scope")
		if !strings.Contains(a.field("error_description"), "white space") {
			t.Errorf("%q: %s", scope, a.body)
		}
	}
}
