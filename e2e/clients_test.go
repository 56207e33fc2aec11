package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"mintkey/e2e/internal/e2etest"
)

// OAuth libraries work unchanged: each fetches a token its own way, and the token opens the owner's own keys.
func TestOAuthClients(t *testing.T) {
	eachStore(t, func(t *testing.T, d *deployment) {
		d.addMember("client")
		key := d.newKey("client")
		t.Run("x-oauth2", func(t *testing.T) { testGoClient(t, d, key) })
		t.Run("curl", func(t *testing.T) { testCurl(t, d, key) })
		for name, command := range map[string][]string{
			"openid-client":     {"node", "node/openid-client.mjs"},
			"oauth4webapi":      {"node", "node/oauth4webapi.mjs"},
			"simple-oauth2":     {"node", "node/simple-oauth2.mjs"},
			"client-oauth2":     {"node", "node/client-oauth2.mjs"},
			"authlib":           {"../tools/python", "python/authlib_client.py"},
			"requests-oauthlib": {"../tools/python", "python/requests_oauthlib_client.py"},
		} {
			t.Run(name, func(t *testing.T) {
				cmd := exec.Command(command[0], command[1:]...)
				cmd.Env = append(e2etest.CleanEnviron(), "ISSUER="+d.issuer(), "CLIENT_ID="+key.ClientID, "CLIENT_SECRET="+key.ClientSecret)
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, out, e2etest.StderrOf(err))
				}
				mustOpenOwnKeys(t, d, strings.TrimSpace(string(out)), key)
			})
		}
	})
}

func testGoClient(t *testing.T, d *deployment, key accessKey) {
	for name, style := range map[string]oauth2.AuthStyle{
		"detected": oauth2.AuthStyleAutoDetect, "header": oauth2.AuthStyleInHeader, "body": oauth2.AuthStyleInParams,
	} {
		t.Run(name, func(t *testing.T) {
			config := clientcredentials.Config{
				ClientID: key.ClientID, ClientSecret: key.ClientSecret, TokenURL: d.issuer() + "/oauth2/token", AuthStyle: style,
			}
			token, err := config.Token(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			mustOpenOwnKeys(t, d, token.AccessToken, key)

			config.ClientSecret = key.ClientSecret[:len(key.ClientSecret)-1] + "!"
			_, err = config.Token(context.Background())
			refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
			if !ok || refusal.ErrorCode != "invalid_client" || refusal.Response.StatusCode != http.StatusUnauthorized {
				t.Errorf("a wrong secret gives %v; want 401 invalid_client", err)
			}
		})
	}
}

func testCurl(t *testing.T, d *deployment, key accessKey) {
	for name, args := range map[string][]string{
		"basic": {"--user", key.ClientID + ":" + key.ClientSecret},
		"body":  {"--data", "client_id=" + key.ClientID, "--data", "client_secret=" + key.ClientSecret},
	} {
		t.Run(name, func(t *testing.T) {
			args = append(args, "--silent", "--show-error", "--fail-with-body", "--data", "grant_type=client_credentials",
				d.issuer()+"/oauth2/token")
			out, err := exec.Command("curl", args...).Output()
			if err != nil {
				t.Fatalf("curl: %v\n%s%s", err, out, e2etest.StderrOf(err))
			}
			mustOpenOwnKeys(t, d, decode[tokenResponse](t, out).AccessToken, key)
		})
	}
}

// mustOpenOwnKeys uses the token on every server: a token that one made is good at all.
func mustOpenOwnKeys(t *testing.T, d *deployment, token string, key accessKey) {
	t.Helper()
	for _, s := range d.servers {
		owner := &caller{t: t, base: s.URL, token: token, client: http.DefaultClient}
		own := listAll[keyView](owner, "/me/v1/keys")
		if len(own) != 1 || own[0].ClientID != key.ClientID {
			t.Errorf("/me/v1/keys at %s answers %v; want the key %s alone", s.Name, own, key.ClientID)
		}
	}
}
