package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	mintkey "mintkey/cmd/mintkey"
)

// What a server answers, or a stranger wrote into a record, does not reach the terminal as a command.
func TestNothingDrivesTheTerminal(t *testing.T) {
	const evil = `ada\u001b]0;owned\u0007` + "\u009b31m\u202e" + `\r\nroot` // JSON may have the later ones as they are
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"account_id":"acme"}`)) + ".c2ln"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/.well-known/oauth-authorization-server":
			_, _ = fmt.Fprint(w, `{"issuer":"https://mintkey.example"}`)
		case r.URL.Path == "/oauth2/token":
			_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, token)
		case strings.HasSuffix(r.URL.Path, "/audit"):
			_, _ = fmt.Fprintf(w, `{"items":[{"id":"1","at":"2026-03-01T12:00:00Z","action":"user.updated","actor":{"via":"console"},`+
				`"account_id":"acme","details":{"subject":"%s"}}]}`, evil)
		default:
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `{"code":"forbidden","detail":"%s"}`, evil)
		}
	}))
	defer server.Close()
	run := func(args ...string) string {
		var said bytes.Buffer
		environ := []string{"HOME=" + t.TempDir(), "MINTKEY_URL=" + server.URL, "MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=x"}
		_ = mintkey.Run(t.Context(), args, environ, strings.NewReader(""), &said, &said)
		return said.String()
	}
	const shown = `ada\x1b]0;owned\a\u009b31m\u202e\r\nroot`
	got := run("audit")
	if strings.ContainsAny(got, "\x1b\u009b\u202e\r\a") || !strings.Contains(got, "subject="+shown) || strings.Count(got, "\n") != 2 {
		t.Errorf("the table is %q", got)
	}
	// JSON means the same with the escapes, and says no more to the terminal.
	got = run("audit", "-o", "json")
	var list struct {
		Items []struct{ Details map[string]string }
	}
	if err := json.Unmarshal([]byte(got), &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%v: %q", err, got)
	}
	if strings.ContainsAny(got, "\x1b\u009b\u202e\r\a") || list.Items[0].Details["subject"] != "ada\x1b]0;owned\a\u009b31m\u202e\r\nroot" {
		t.Errorf("the JSON is %q", got)
	}
	if got := run("tenants", "list"); strings.ContainsAny(got, "\x1b\u009b\u202e\r\a") || !strings.Contains(got, `ada\x1b]0;owned`) {
		t.Errorf("the refusal is %q", got)
	}
}
