package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"mintkey/server"
)

// Every operation that takes a body refuses one that a filter in front of the server may read in another way than the server.
func TestBodiesHaveOneReading(t *testing.T) {
	w := newWorld(t)
	w.delete(w.tom, forgeKeys+"/"+w.mia.clientID).want(204)
	w.mia = w.giveKey(w.mia, "api", "self", "rotate")
	token, own := bearer(w.tokenOf(w.olga, "")), bearer(w.tokenOf(w.mia, ""))
	for _, r := range w.routes() {
		body, isText := r.body().(string)
		switch {
		case !isText:
			continue
		case strings.HasSuffix(r.path, "/refresh"):
			body = `{"overlap_seconds":60}`
		case strings.HasSuffix(r.path, "/rotate"):
			body = `{"emergency":false}`
		}
		as, path := w.sparing(r, token, own)
		for _, bad := range twoReadings(t, body) {
			if strings.Contains(bad, `"tokens_per_minute":null`) {
				continue // which says that there is no quota
			}
			w.ask(as, r.method, path, bad).wantCode(400, "invalid_request")
		}
		if a := w.ask(as, r.method, path, body); a.status/100 != 2 {
			t.Errorf("%s: a good body answered %d: %s", a.request, a.status, a.body)
		}
	}
}

// What changes something and takes no body refuses one, before it does anything: it may ask for something that would not be done.
func TestBodiesThatNobodyReadsAreRefused(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.Mail = true })
	w.delete(w.tom, forgeKeys+"/"+w.mia.clientID).want(204)
	w.mia = w.giveKey(w.mia, "api", "self", "rotate")
	token, own := bearer(w.tokenOf(w.olga, "")), bearer(w.tokenOf(w.mia, ""))
	tried := 0
	for _, r := range w.routes() {
		if r.method == "GET" || r.body() != nil {
			continue
		}
		tried++
		as := token
		if strings.HasPrefix(r.path, "/me/") {
			as = own
		}
		for _, body := range []string{`{"dry_run":true}`, "dry_run=true", "[]", strings.Repeat(" ", 100_000) + "x", " {} x"} {
			a := w.raw(r.method, r.fill(w.own(w.mia)), authorization("Bearer "+string(as)), func(r *http.Request) {
				r.Header.Set("Content-Type", "application/json")
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			}).wantCode(400, "invalid_request")
			if !strings.Contains(a.field("detail"), "takes no body") {
				t.Errorf("%s: %s", a.request, a.body)
			}
		}
	}
	if tried < 7 {
		t.Errorf("tried %d operations", tried)
	}
	w.exchange(w.mia).want(200)
	key := w.raw("DELETE", forgeKeys+"/"+w.mia.clientID, authorization("Bearer "+string(token)), func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(" {}\n"))
	})
	key.want(204)
}

// twoReadings spoils each member of a good body in every way that encoding/json takes without a word.
func twoReadings(t *testing.T, body string) (bad []string) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		member, same := `"`+name+`":`, strings.TrimSuffix(body, "}")
		twice, otherCase := `,"`+name+`":`+string(value)+"}", `"`+strings.ToUpper(name[:1])+name[1:]+`":`
		escaped := `,"` + strings.Replace(name, "e", `\u0065`, 1) + `":` + string(value) + "}"
		bad = append(bad, same+twice, same+escaped, same+","+otherCase+string(value)+"}", strings.Replace(body, member, otherCase, 1),
			strings.Replace(body, member+string(value), member+"null", 1))
		if value[0] == '"' {
			for _, text := range []string{"\xff", `\ud800`, `\udc00\ud800`} {
				bad = append(bad, strings.Replace(body, member+`"`, member+`"`+text, 1))
			}
		}
	}
	return bad
}

// A merge patch (RFC 7396) with null takes a member away: only a user's password can be, and a quota.
func TestNullInBodies(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ method, path, body string }{
		{"POST", acmeUsers, `{"email":"x@acme.example","password":null}`},
		{"POST", acmeUsers, `{"email":"x@acme.example","roles":null}`},
		{"POST", acmeUsers, `{"email":"x@acme.example","roles":[null]}`},
		{"PATCH", acmeUsers + "/mia", `{"roles":null}`},
		{"PATCH", acmeUsers + "/mia", `{"email":null}`},
		{"PATCH", acmeUsers + "/mia", `{"disabled":null}`},
		{"POST", forgeKeys, `{"user_id":"mia","scopes":null}`},
		{"POST", forgeKeys, `{"user_id":"mia","email":null}`},
		{"POST", forgeKeys, `{"user_id":"mia","pick_up":null}`},
	} {
		w.ask(w.ada, c.method, c.path, c.body).wantCode(400, "invalid_request")
	}
	w.patch(w.ada, acmeUsers+"/mia", `{"password":"correct horse battery"}`).want(200)
	if a := w.patch(w.ada, acmeUsers+"/mia", `{"password":null}`).want(200); !strings.Contains(a.body, `"has_password":false`) {
		t.Error(a.body)
	}
}

// The plugins may send unknown members, but nothing ambiguous.
func TestPluginsHaveOneReading(t *testing.T) {
	w := newWorld(t)
	for _, p := range plugins() {
		good := `{"` + p.id + `":"` + w.mia.clientID + `","` + p.secret + `":"` + w.mia.secret + `"}`
		w.login(p.path, "?TENANTID=forge", good).want(200)
		for _, bad := range append(twoReadings(t, good), good+"x", good+good) {
			w.login(p.path, "?TENANTID=forge", bad).wantError(400, "invalid_request")
		}
	}
}
