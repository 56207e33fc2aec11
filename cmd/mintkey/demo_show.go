package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// story records what happened in the demo.
type story struct {
	url     string
	admin   access            // Ada's access key
	key     api.KeyWithSecret // created for Grace
	token   string
	took    time.Duration // to fetch the token
	checked string        // how the token was verified
	now     time.Time
}

// performDemo does over HTTP what a newcomer would do first: an admin creates a key, a program fetches a token with it, and a gateway
// verifies the token.
func (p *program) performDemo(ctx context.Context, url string, data sample) (s story, err error) {
	via := p.plainConnection()
	s.url, s.admin = url, access{url: url, clientID: data.clientID, secret: data.secret, via: via}
	adminToken, err := p.fetchAdminToken(ctx, s.admin)
	if err != nil {
		return s, err
	}
	server := &client{access: s.admin, url: url, token: adminToken.AccessToken}
	wanted := api.NewKey{UserID: data.member, Label: "made by the demo", Scopes: &[]string{"api"}}
	answer, err := server.call(ctx, http.MethodPost, path("admin", "v1", "tenants", data.tenantID, "keys"), wanted)
	if err != nil {
		return s, fmt.Errorf("create an access key: %w", err)
	}
	if err := json.Unmarshal(answer, &s.key); err != nil {
		return s, fmt.Errorf("create an access key: %w", err)
	}

	start := p.clock()
	made := access{url: url, clientID: s.key.ClientID, secret: policy.ClientSecretFromRequest(s.key.ClientSecret), via: via}
	token, err := p.fetchToken(ctx, made, tokenRequest{})
	if err != nil {
		return s, err
	}
	s.now = p.clock()
	s.token, s.took = token.AccessToken, s.now.Sub(start)
	s.checked, err = via.verifyAsGateway(ctx, url, s.token, s.now)
	return s, err
}

func (s story) result() map[string]string {
	return map[string]string{
		"url": s.url, "client_id": s.key.ClientID, "client_secret": s.key.ClientSecret, "access_token": s.token,
		"admin_client_id": s.admin.clientID, "admin_client_secret": s.admin.secret.Reveal(),
	}
}

func (s story) tell(w io.Writer) {
	header, payload, _ := decodeToken(s.token)
	var claims bytes.Buffer
	showDecoded(&claims, header, payload, s.now)
	mintkey := commandName()
	_, _ = fmt.Fprintf(w, `
  Mintkey demo

  A temporary store with sample data: account acme with two tenants,
  berlin (release 24.3, access keys only) and lisbon (23.4, which may still use passwords).

  1  The server is up
     %s

  2  Ada, the admin, created an access key for Grace in tenant berlin
     POST /admin/v1/tenants/berlin/keys
     client ID      %s
     client secret  %s
     expires        %s

  3  The key became a token, in %v
     POST /oauth2/token
     %s…

  4  The token was verified as a gateway does it, without asking the server about it
     GET /.well-known/jwks.json
     %s

%s
  Try it in another terminal:

    curl -u '%s:%s' \
      -d grant_type=client_credentials %s/oauth2/token

  Or be Ada, and look around:

    export MINTKEY_URL=%s
    export MINTKEY_CLIENT_ID=%s
    export MINTKEY_CLIENT_SECRET=%s
    %[15]s token --decode
    %[15]s keys list
    %[15]s policy preview --period 120
    %[15]s audit

  What it is and how to run it for real: README.md
`, s.url, s.key.ClientID, s.key.ClientSecret, showTime(s.key.ExpiresAt),
		s.took.Round(100*time.Microsecond), s.token[:min(60, len(s.token))], s.checked,
		indent(claims.String(), "     "), s.key.ClientID, s.key.ClientSecret, s.url, s.url, s.admin.clientID, s.admin.secret.Reveal(), mintkey)
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}

// commandName is the command line that runs this program again: go run deletes the program that it builds.
func commandName() string {
	if executable, err := os.Executable(); err == nil && strings.Contains(executable, "go-build") {
		return "go run ./cmd/mintkey"
	}
	return "mintkey"
}
