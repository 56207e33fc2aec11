package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// caller sends a request: a person, whose access key is first exchanged for a token, or a token.
type caller interface{ token(w *world) string }

func (p person) token(w *world) string { return w.tokenOf(p, "") }

type bearer string

func (b bearer) token(*world) string { return string(b) }

// scoped is a person with a token of these scopes only.
type scoped struct {
	person
	scope string
}

func (s scoped) token(w *world) string { return w.tokenOf(s.person, s.scope) }

func (w *world) get(as caller, path string) answer { w.Helper(); return w.ask(as, "GET", path, nil) }

func (w *world) delete(as caller, path string) answer {
	w.Helper()
	return w.ask(as, "DELETE", path, nil)
}

func (w *world) post(as caller, path string, body any) answer {
	w.Helper()
	return w.ask(as, "POST", path, body)
}

func (w *world) put(as caller, path string, body any) answer {
	w.Helper()
	return w.ask(as, "PUT", path, body)
}

func (w *world) patch(as caller, path string, body any) answer {
	w.Helper()
	return w.ask(as, "PATCH", path, body)
}

// ask sends a JSON body, or a string as it is.
func (w *world) ask(as caller, method, path string, body any) answer {
	w.Helper()
	r := w.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+as.token(w))
	return w.do(r)
}

func (w *world) request(method, path string, body any) *http.Request {
	w.Helper()
	text, isText := body.(string)
	if !isText && body != nil {
		encoded, err := json.Marshal(body)
		w.must(err)
		text = string(encoded)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// do sends a request. It checks that a client secret is in the answer that issues it, and in no later one (R3).
func (w *world) do(r *http.Request) answer {
	w.Helper()
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	a := answer{w.T, r.Method + " " + r.URL.String(), recorder.Code, recorder.Header(), recorder.Body.String()}
	w.secrets.searchIn(w, a.request, a.body)
	if secret := a.peek("client_secret"); secret != "" {
		w.secrets.add(secret)
	}
	return a
}

type form = url.Values

// postForm sends a form to the token endpoint; adjust may change the request.
func (w *world) postForm(values form, adjust ...func(*http.Request)) answer {
	w.Helper()
	return w.postText(values.Encode(), adjust...)
}

func (w *world) postText(body string, adjust ...func(*http.Request)) answer {
	w.Helper()
	r := w.request("POST", "/oauth2/token", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, change := range adjust {
		change(r)
	}
	return w.do(r)
}

// exchange asks for a token with the secret in the body.
func (w *world) exchange(p person) answer {
	w.Helper()
	return w.postForm(form{"grant_type": {"client_credentials"}, "client_id": {p.clientID}, "client_secret": {p.secret}})
}

// tokenOf is a token with the scopes. Without any it is for the server itself, and for the API if the key has nothing for the server.
func (w *world) tokenOf(p person, scope string) string {
	w.Helper()
	if scope == "" {
		if a := w.postForm(with(inBody(p), "resource", issuer)); a.peek("error") != "invalid_scope" {
			return a.want(200).field("access_token")
		}
	}
	return w.tokenFor(p, "", scope)
}

// tokenFor is a token for the audience.
func (w *world) tokenFor(p person, audience, scope string) string {
	w.Helper()
	return w.postForm(with(with(inBody(p), "scope", scope), "resource", audience)).want(200).field("access_token")
}

// answer is the response to a request.
type answer struct {
	t       *testing.T
	request string
	status  int
	header  http.Header
	body    string
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s answered %d, want %d: %s", a.request, a.status, status, a.body)
	}
	return a
}

// wantCode wants a problem (RFC 9457) with the code.
func (a answer) wantCode(status int, code string) answer {
	a.t.Helper()
	if a.want(status); a.peek("code") != code {
		a.t.Fatalf("%s answered the code %q, want %q: %s", a.request, a.peek("code"), code, a.body)
	}
	a.wantHeader("Content-Type", "application/problem+json")
	return a
}

// wantError wants an OAuth error (RFC 6749 section 5.2).
func (a answer) wantError(status int, code string) answer {
	a.t.Helper()
	if a.want(status); a.peek("error") != code {
		a.t.Fatalf("%s answered the error %q, want %q: %s", a.request, a.peek("error"), code, a.body)
	}
	a.wantHeader("Content-Type", "application/json")
	return a
}

func (a answer) wantHeader(name, value string) answer {
	a.t.Helper()
	if diff := cmp.Diff([]string{value}, a.header.Values(name)); diff != "" {
		a.t.Fatalf("%s: header %s (-want +got):\n%s", a.request, name, diff)
	}
	return a
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v in %s", a.request, err, a.body)
	}
}

// peek is a member of the body that is a string, or else empty.
func (a answer) peek(name string) string {
	var members map[string]any
	_ = json.Unmarshal([]byte(a.body), &members)
	text, _ := members[name].(string)
	return text
}

func (a answer) field(name string) string {
	a.t.Helper()
	text := a.peek(name)
	if text == "" {
		a.t.Fatalf("%s: no %q in %s", a.request, name, a.body)
	}
	return text
}

// values lists one member of each item of a list, with the cursor of the next page.
func (a answer) values(name string) (values []string, next string) {
	a.t.Helper()
	var page struct {
		Items []map[string]any `json:"items"`
		Next  string           `json:"next"`
	}
	a.want(200).into(&page)
	values = []string{}
	for _, item := range page.Items {
		values = append(values, item[name].(string))
	}
	return values, page.Next
}

// mask replaces what is random on the wire.
func mask(text string) string {
	for _, m := range []struct{ pattern, stand string }{
		{`mk_[0-9A-Za-z]{22}\b`, "mk_CLIENT"},
		{`mks_[0-9A-Za-z]{49}`, "mks_SECRET"},
		{`eyJ[\w-]+\.[\w-]+\.[\w-]+`, "TOKEN"},
		{`[0-9a-f]{12}-[0-9a-f]{20}`, "EVENT"},
		{`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`, "UUID"},
		{`"request_id":"[A-Z2-7]{26}"`, `"request_id":"REQUEST"`},
	} {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.stand)
	}
	return text
}

// golden compares the body, byte for byte but for what is random, with a file in testdata.
func (a answer) golden(name string) {
	a.t.Helper()
	got := mask(a.body)
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		a.t.Errorf("%s: body differs from %s (-want +got):\n%s", a.request, path, diff)
	}
}
