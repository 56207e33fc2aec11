package server_test

import (
	"strings"
	"testing"
)

// Every operation that takes a body refuses what is not one JSON object with known members of the right types.
func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	w.delete(w.tom, forgeKeys+"/"+w.mia.clientID).want(204)
	w.mia = w.giveKey(w.mia, "api", "self", "rotate")
	token, own := bearer(w.tokenOf(w.olga, "")), bearer(w.tokenOf(w.mia, ""))
	for _, r := range w.routes() {
		body, isText := r.body().(string)
		if !isText {
			continue
		}
		as, path := w.sparing(r, token, own)
		send := func(body, mediaType string) answer {
			request := w.request(r.method, path, body)
			authorization("Bearer " + as.token(w))(request)
			request.Header.Del("Content-Type")
			if mediaType != "" {
				header("Content-Type", mediaType)(request)
			}
			return w.do(request)
		}
		object := strings.TrimSuffix(body, "}")
		comma := ","
		if object == "{" {
			comma = ""
		}
		for _, bad := range []string{
			"{", body + body, body + "x", body + ",", "[" + body + "]", "[]", `"text"`, "1", "true",
			"'" + body, object + comma + `"unknown":1}`, object + `,}`,
			"\xef\xbb\xbf" + body, strings.ReplaceAll(body, `"`, "'") + "!",
		} {
			send(bad, "application/json").wantCode(400, "invalid_request")
		}
		for _, mediaType := range []string{
			"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json,", "json",
			"application/json; charset=utf-16",
		} {
			send(body, mediaType).wantCode(415, "unsupported_media_type")
		}
		send(object+comma+`"unknown":"`+strings.Repeat("x", 1<<20)+`"}`, "application/json").wantCode(413, "payload_too_large")
		if body != "{}" && !strings.HasSuffix(path, "/suspend") { // where all is optional, so is the body
			send("", "application/json").wantCode(400, "invalid_request")
		}
		if a := send(" \n"+body+"\r\n ", "Application/JSON; charset=utf-8"); a.status/100 != 2 {
			t.Errorf("%s: a good body in white space answered %d: %s", a.request, a.status, a.body)
		}
	}
}

// sparing returns who sends a request and its path. It is about a key of Mia's, for whom own is a token, or, where that would stop the key,
// about a new one of somebody else's.
func (w *world) sparing(r route, admin, own caller) (as caller, path string) {
	p := w.mia
	if strings.HasSuffix(r.path, "/suspend") {
		p = w.makeKey(w.ada, w.newMember(), "api", "self")
		own = bearer(w.tokenOf(p, ""))
	}
	if path = r.fill(w.own(p)); strings.HasPrefix(path, "/me/") {
		return own, path
	}
	return admin, path
}

func TestTypesInBodies(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ method, path, body, about string }{
		{"POST", "/admin/v1/accounts", `{"name":1}`, "name"},
		{"POST", "/admin/v1/accounts/acme/tenants", `{"name":"x","release":24.3}`, "release"},
		{"POST", acmeUsers, `{"email":["x"]}`, "email"},
		{"POST", acmeUsers, `{"email":"x@acme.example","roles":"operator"}`, "roles"},
		{"PATCH", acmeUsers + "/mia", `{"disabled":"true"}`, "disabled"},
		{"PUT", acmePolicy, `{"enabled":true,"period_days":"90"}`, "period_days"},
		{"POST", forgeKeys, `{"user_id":"mia","scopes":[1]}`, "scopes"},
		{"POST", forgeKeys, `{"user_id":"mia","sopes":["api"]}`, "sopes"},
	} {
		a := w.ask(w.olga, c.method, c.path, c.body).wantCode(400, "invalid_request")
		if !strings.Contains(a.field("detail"), `"`+c.about+`"`) {
			t.Errorf("%s: the detail does not name %q: %s", a.request, c.about, a.body)
		}
	}
	w.post(w.olga, "/admin/v1/accounts", `{"name":1}`).golden("wrong_type")
}

// Every path answers a method that it does not know with 405 and Allow, in the form of its API. The checker compares Allow with
// the document.
func TestWrongMethods(t *testing.T) {
	w := newWorld(t)
	paths := map[string]bool{
		"/openapi.json": true, "/.well-known/jwks.json": true,
		"/.well-known/oauth-authorization-server": true, "/.well-known/openid-configuration": true,
	}
	for _, r := range w.routes() {
		paths[r.fill(w.own(w.mia))] = true
	}
	for path := range paths {
		for _, method := range []string{"TRACE", "OPTIONS", "PROPFIND", "get"} {
			if method == "OPTIONS" && !strings.HasPrefix(path, "/admin/") && !strings.HasPrefix(path, "/me/") {
				continue // a page of another origin may read public documents, and asks so
			}
			a := w.do(w.request(method, path, nil)).want(405)
			if a.header.Get("Allow") == "" || a.peek("code")+a.peek("error") == "" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v %s", a.request, a.header, a.body)
			}
		}
	}
	w.post(w.ada, acmePolicy, `{}`).wantCode(405, "method_not_allowed").wantHeader("Allow", "GET, PUT, HEAD")
}

// Whatever the path, 405 comes with the methods that it has (RFC 9110 section 15.5.6), and one of these is not answered with 405.
func TestEveryPathNamesItsMethods(t *testing.T) {
	w := newWorld(t)
	paths, err := w.server.Paths()
	w.must(err)
	if len(paths) < 50 {
		t.Fatalf("the paths are %q", paths)
	}
	for _, template := range paths {
		if template == "/oauth2/forward-auth" {
			continue // it takes every method (TestForwardAuthTakesEveryMethod)
		}
		path := route{path: template}.fill(w.own(w.mia))
		path = strings.NewReplacer("{n}", "0").Replace(path)
		if path == "/console/" {
			path = "/console/sign-in"
		}
		if strings.Contains(path, "{") {
			t.Fatalf("%s has a parameter that this test does not know", path)
		}
		refused := w.raw("BREW", path).want(405)
		allowed := refused.header.Get("Allow")
		if allowed == "" {
			t.Errorf("%s: no Allow", refused.request)
			continue
		}
		for method := range strings.SplitSeq(allowed, ", ") {
			if path == "/oauth2/revocations" && method == "GET" {
				continue // a stream
			}
			if a := w.raw(method, path); a.status == 405 {
				t.Errorf("%s: 405, but Allow is %s", a.request, allowed)
			}
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{acmePolicy, acmeUsers + "/mia", forgeKeys, "/admin/v1/accounts"} {
		head, get := w.ask(w.ada, "HEAD", path, nil).want(200), w.get(w.ada, path)
		if head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("%s: %v, but GET %v", head.request, head.header, get.header)
		}
	}
	w.do(w.request("HEAD", forgeKeys, nil)).want(401)
	w.ask(w.ada, "HEAD", "/admin/v1/tenants/dome", nil).want(404)
}

// No answer of the administration API may be cached, whether success or error.
func TestNothingIsCached(t *testing.T) {
	w := newWorld(t)
	for _, r := range w.routes() {
		if r.method != "GET" {
			continue
		}
		w.get(w.olga, r.fill(w.own(w.mia))).wantHeader("Cache-Control", "no-store").wantHeader("X-Content-Type-Options", "nosniff")
		w.get(w.gus, r.fill(w.own(w.mia))).wantHeader("Cache-Control", "no-store")
	}
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t)
	ask := func(id string) string {
		r := w.request("GET", ownKeys, nil)
		header("X-Request-Id", id)(r)
		a := w.do(r).want(401)
		if a.header.Get("X-Request-Id") != a.field("request_id") {
			t.Errorf("header %v, body %s", a.header, a.body)
		}
		return a.field("request_id")
	}
	for _, id := range []string{"a", "4bf92f35-77b3.x_Y", strings.Repeat("x", 64)} {
		if got := ask(id); got != id {
			t.Errorf("the proxy's ID %q became %q", id, got)
		}
	}
	seen := map[string]bool{}
	for _, id := range []string{"", "a b", "a\"b", "a\nb", "<script>", "ä", strings.Repeat("x", 65)} {
		got := ask(id)
		if got == id || len(got) < 20 || seen[got] {
			t.Errorf("the ID %q became %q", id, got)
		}
		seen[got] = true
	}
}
