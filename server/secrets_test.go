package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/bolttest"
)

// secrets are all client secrets that were ever handed out. None of them may be seen again, nor anything of its digest (R3).
type secrets struct {
	mu  sync.Mutex
	all []string
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, secret)
}

func (s *secrets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// searchIn fails the test if a text that people or programs see holds a secret, or its digest.
func (s *secrets) searchIn(t testing.TB, where, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, secret := range s.all {
		digest := sha256.Sum256([]byte(secret))
		for _, form := range []string{secret, secret[4:], hex.EncodeToString(digest[:])[:32], base64.StdEncoding.EncodeToString(digest[:])[:20]} {
			if strings.Contains(text, form) {
				t.Errorf("%s holds secret %d, or its digest: %s", where, i, text)
			}
		}
	}
}

// A day of work, and then a search of all that it left behind. The log and every answer are searched in every test.
func TestSecretsAreNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	opened, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, opened)
	made := w.post(w.tom, forgeKeys, newKey("mia", "api", "self")).want(201).created(w.mia)
	w.refresh(w.tom, made, `{"overlap_seconds":60}`).want(200)
	w.exchange(made).want(200)
	wrong := made
	wrong.clientID = w.tom.clientID
	w.exchange(wrong).want(401)
	w.postForm(inBody(made), query("client_secret="+made.secret)).want(400)
	w.postText("grant_type=client_credentials&client_secret=" + made.secret + "&client_id=%zz").want(400)
	w.postForm(grantType(), basic(made.secret, made.clientID)).want(401) // in the wrong place
	w.postForm(with(inBody(made), "grant_type", "magic")).want(400)
	w.post(w.tom, forgeKeys, `{"user_id":"mia","client_secret":"`+made.secret+`"}`).want(400)
	w.patch(w.ada, acmeUsers+"/mia", `{"password":"correct horse battery"}`).want(200)
	w.get(w.ada, "/admin/v1/accounts/acme/audit").want(200)
	w.delete(w.tom, forgeKeys+"/"+made.clientID).want(204)

	events, err := w.store.Events(t.Context(), "acme", store.EventsQuery{Limit: 100})
	w.must(err)
	if len(events) != 4 {
		t.Errorf("%d events, want 4", len(events))
	}
	file := bolttest.Text(t, path)
	for _, secret := range append(w.secrets.all, "correct horse battery") {
		if strings.Contains(file, secret) || strings.Contains(w.log.String(), secret) {
			t.Error("the store's file or the log holds a secret in clear")
		}
	}
	if !strings.Contains(file, made.clientID) || !strings.Contains(w.log.String(), `"status":401`) {
		t.Error("this looked in the wrong place")
	}
}

// Errors repeat the beginning of what was sent. A secret in it is redacted before it is cut: half of one would pass every later redaction.
func TestErrorsRepeatNoPartOfASecret(t *testing.T) {
	w := newWorld(t)
	secret := w.mia.secret
	half := secret[:len(secret)/2]
	long := strings.Repeat("x", 30) + "." + secret
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/admin/v1/accounts", `{"` + secret + `":1}`},
		{"POST", "/admin/v1/accounts", `{"` + long + `":1}`},
		{"POST", "/admin/v1/accounts", `{"name":"x","` + secret + `":1,"` + secret + `":1}`},
		{"POST", "/admin/v1/accounts/acme/tenants", `{"name":"x","release":"` + secret + `"}`},
		{"PUT", "/admin/v1/tenants/forge/members/mia", `{"role":"` + secret + `"}`},
		{"POST", acmeUsers, `{"email":"x@acme.example","roles":["` + secret + `"]}`},
		{"POST", forgeKeys, `{"user_id":"mia","scopes":["` + long + `"]}`},
		{"GET", forgeKeys + "?" + secret + "=1", ""},
		{"GET", forgeKeys + "?limit=1&" + secret + "=1&" + secret + "=2", ""},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		a := w.ask(w.olga, c.method, c.path, body)
		if a.status < 400 || strings.Contains(a.body, half) {
			t.Errorf("%s answered %d: %s", c.path, a.status, a.body)
		}
	}
	for _, form := range []string{"scope=" + long, "resource=" + strings.Repeat("x", 60) + secret, secret + "=1&" + secret + "=2"} {
		r := w.request("POST", "/oauth2/token", "grant_type=client_credentials&client_id="+w.tom.clientID+"&client_secret="+w.tom.secret+"&"+form)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := w.do(r); a.status != 400 || strings.Contains(a.body, half) {
			t.Errorf("%s answered %d: %s", form, a.status, a.body)
		}
	}
	if log := w.log.String(); strings.Contains(log, half) {
		t.Errorf("the log has half a secret: %s", log)
	}
}
