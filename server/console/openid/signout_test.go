package openid_test

import (
	"errors"
	"net/url"
	"testing"

	"mintkey/policy"
	"mintkey/server/console/openid"
)

// The ID token is kept for a provider that has a sign-out, and goes nowhere else.
func TestWhereToSignOut(t *testing.T) {
	for name, row := range map[string]struct {
		endpoint any
		want     string // without the query
	}{
		"none":              {nil, ""},
		"of the provider":   {"http://id.example/end?tenant=7", "http://id.example/end"},
		"elsewhere":         {"https://end.example/", "https://end.example/"},
		"no URL":            {"//", ""},
		"a script":          {"javascript:alert(1)", ""},
		"another protocol":  {"ftp://id.example/end", ""},
		"with a password":   {"https://user:word@id.example/end", ""},
		"relative to what?": {"/end", ""},
	} {
		f := newForger(t)
		if row.endpoint != nil {
			f.metadata["end_session_endpoint"] = row.endpoint
		}
		person, err := f.signIn(url.Values{"code": {"c"}})
		if err != nil || (person.IDToken != "") != (row.want != "") {
			t.Errorf("%s: ID token %q, %v", name, person.IDToken, err)
		}
		p := openid.New(openid.Options{Issuer: f.URL, ClientID: "mintkey", ClientSecret: policy.ClientSecretFromRequest("x")})
		to, err := p.SignOut(t.Context(), "hint", "http://127.0.0.1/back", "state")
		if row.want == "" {
			if !errors.Is(err, openid.ErrUnavailable) {
				t.Errorf("%s: %q, %v", name, to, err)
			}
			continue
		}
		u, parseErr := url.Parse(to)
		if err != nil || parseErr != nil {
			t.Fatalf("%s: %v, %v", name, err, parseErr)
		}
		q := u.Query()
		if u.RawQuery = ""; u.String() != row.want || q.Get("id_token_hint") != "hint" || q.Get("client_id") != "mintkey" ||
			q.Get("post_logout_redirect_uri") != "http://127.0.0.1/back" || q.Get("state") != "state" {
			t.Errorf("%s: %s with %v", name, u, q)
		}
		if name == "of the provider" && q.Get("tenant") != "7" {
			t.Errorf("the endpoint's own query is lost: %v", q)
		}
	}
}

// A token that would make the URL too long is not kept.
func TestALongIDTokenIsNotKept(t *testing.T) {
	f := newForger(t)
	f.metadata["end_session_endpoint"] = f.URL + "/end"
	f.claims["groups"] = make([]int, 5000)
	if person, err := f.signIn(url.Values{"code": {"c"}}); err != nil || person.IDToken != "" {
		t.Errorf("%d bytes, %v", len(person.IDToken), err)
	}
}
