package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	mintkey "mintkey/cmd/mintkey"
)

// withoutCommand are the operations that no command is for, each with the reason.
func withoutCommand() map[string]string {
	return map[string]string{
		"openIDConfiguration":  "the same as metadata, for libraries",
		"jwks":                 "for whoever verifies tokens; signing-keys export has the keys as PEM",
		"statusList":           "for gateways",
		"statusLists":          "for gateways",
		"authorize":            "always refused: it is there for libraries that insist on its address",
		"authorizeByPost":      "likewise",
		"revocations":          "for gateways",
		"forwardAuth":          "for gateways",
		"compatibleAuthClient": "for plugins that know nothing else",
		"compatibleAuth":       "for plugins that know nothing else",
		"openAPI":              "the contract itself",
		"reportLeaks":          "secret report sends what it finds, which a script tests",
		"refreshThisKey":       "keys rotate sends it after it has saved the secret that works, which a script tests",
	}
}

// commandOf has a command line for each other operation.
func commandOf() map[string]string {
	return map[string]string{
		"token":               "token",
		"introspect":          "token introspect x",
		"revokeToken":         "token revoke x",
		"metadata":            "keys list",
		"listAccounts":        "accounts list",
		"createAccount":       "accounts create --name A",
		"getAccount":          "accounts show",
		"patchAccount":        "accounts edit --second-factor optional",
		"getExpirationPolicy": "policy get",
		"putExpirationPolicy": "policy set --period 90",
		"listTenants":         "tenants list",
		"createTenant":        "tenants create --name T --release 24.3",
		"getTenant":           "tenants show",
		"changeTenant":        "tenants suspend t",
		"listUsers":           "users list",
		"createUser":          "users create --email a@example.com",
		"getUser":             "users show u",
		"changeUser":          "users edit u --name U",
		"deleteUser":          "users delete u",
		"listMembers":         "members list",
		"putMember":           "members set u",
		"deleteMember":        "members remove u",
		"listPasswordLogins":  "password-logins",
		"listKeys":            "keys list",
		"createKey":           "keys create",
		"revokeKeys":          "keys revoke --mark old",
		"getKey":              "keys show k",
		"changeKey":           "keys edit k --label l",
		"revokeKey":           "keys revoke k",
		"getKeyExpiry":        "keys expiry k",
		"refreshKey":          "keys refresh k",
		"endOverlap":          "keys end-overlap k",
		"suspendKey":          "keys suspend k",
		"transferKey":         "keys transfer k --to u",
		"resumeKey":           "keys resume k",
		"listUserKeys":        "users owns u",
		"endSessions":         "users sign-out u",
		"sendPasswordLink":    "users link u",
		"listEvents":          "audit",
		"calendar":            "calendar",
		"accountTraffic":      "traffic --account acme",
		"tenantTraffic":       "traffic",
		"listSigningKeys":     "signing-keys list",
		"rotateSigningKeys":   "signing-keys rotate",
		"listOwnKeys":         "keys list --mine",
		"revokeOwnKey":        "keys revoke --mine k",
		"endOwnOverlap":       "keys end-overlap --mine k",
		"suspendOwnKey":       "keys suspend --mine k",
		"resumeOwnKey":        "keys resume --mine k",
		"refreshOwnKey":       "keys refresh --mine k",
	}
}

// Every operation of the contract has a command that calls it, so that nobody has to write requests by hand.
func TestEveryOperationHasACommand(t *testing.T) {
	commands, exceptions := commandOf(), withoutCommand()
	for id, operation := range operations(t) {
		line, listed := commands[id]
		_, excepted := exceptions[id]
		delete(commands, id)
		delete(exceptions, id)
		switch {
		case listed == excepted:
			t.Errorf("%s (%s): has a command: %t, is an exception: %t", id, operation, listed, excepted)
		case listed:
			if calls := callsOf(t, line); !operation.MatchString(calls) {
				t.Errorf("%s: mintkey %s does not call %s, but\n%s", id, line, operation, calls)
			}
		}
	}
	if len(commands)+len(exceptions) > 0 {
		t.Errorf("no operations of the contract: %v %v", commands, exceptions)
	}
}

// operations are those of the contract, each as what matches a line of its calls.
func operations(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	text, err := os.ReadFile("../../server/adminapi/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &contract); err != nil {
		t.Fatal(err)
	}
	found := map[string]*regexp.Regexp{}
	for path, methods := range contract.Paths {
		line := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, `[^/\n]+`)
		for method, raw := range methods {
			var operation struct {
				ID string `json:"operationId"`
			}
			if json.Unmarshal(raw, &operation) == nil && operation.ID != "" {
				found[operation.ID] = regexp.MustCompile(`(?m)^` + strings.ToUpper(method) + " " + line + "$")
			}
		}
	}
	return found
}

// callsOf are the requests of a command, one a line. What comes of them doesn't matter.
func callsOf(t *testing.T, line string) string {
	t.Helper()
	var mu sync.Mutex
	var calls strings.Builder
	token := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"account_id":"acme","tenant_id":"berlin","user_id":"ada"}`)) + ".c2ln"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintln(&calls, r.Method, r.URL.Path)
		_, _ = fmt.Fprintf(w, `{"issuer":"https://mintkey.example","access_token":%q,"items":[]}`, token)
	}))
	defer server.Close()
	environ := []string{"HOME=" + t.TempDir(), "MINTKEY_URL=" + server.URL, "MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=x"}
	var said strings.Builder
	if err := mintkey.Run(t.Context(), strings.Fields(line), environ, strings.NewReader(""), &said, &said); err != nil {
		t.Errorf("mintkey %s: %v", line, err)
	}
	mu.Lock()
	defer mu.Unlock()
	return calls.String()
}
