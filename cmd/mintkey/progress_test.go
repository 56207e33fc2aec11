package main_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/creack/pty"

	mintkey "mintkey/cmd/mintkey"
)

// What takes longer than a second shows its progress at a terminal: here the second of two tenants answers only when it was seen.
func TestProgressIsShown(t *testing.T) {
	terminal, standardError, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan struct{})
	go func() {
		var shown strings.Builder
		some := make([]byte, 1024)
		for found := false; ; {
			n, err := terminal.Read(some)
			shown.Write(some[:n])
			if !found && strings.Contains(shown.String(), "reading tenants") {
				found = true
				close(seen)
			}
			if err != nil {
				return
			}
		}
	}()
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"account_id":"acme"}`)) + ".c2ln"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/tenants"):
			_, _ = fmt.Fprint(w, `{"items":[{"id":"berlin"},{"id":"lisbon"}]}`)
			return
		case strings.Contains(r.URL.Path, "/tenants/lisbon/"):
			select {
			case <-seen:
			case <-r.Context().Done(): // the command has given up waiting
			}
		}
		_, _ = fmt.Fprintf(w, `{"issuer":"https://mintkey.example","access_token":%q,"items":[]}`, token)
	}))
	defer server.Close()
	environ := []string{"HOME=" + t.TempDir(), "MINTKEY_URL=" + server.URL, "MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=x"}
	var out strings.Builder
	args := []string{"keys", "list", "--all-tenants", "-o", "json"}
	if err := mintkey.Run(t.Context(), args, environ, strings.NewReader(""), &out, standardError); err != nil {
		t.Error(err)
	}
	_ = standardError.Close() // ends the reader
	_ = terminal.Close()
	select {
	case <-seen:
	default:
		t.Error("no progress was shown")
	}
}
