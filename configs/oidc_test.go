package configs_test

import (
	"errors"
	"maps"
	"testing"

	"mintkey/configs"
)

// withProvider is a provider that is set up right, but for the change.
func withProvider(change map[string]string) configs.Sources {
	flags := map[string]string{"oidc.issuer": "https://login.example.com", "oidc.client_id": "mintkey", "oidc.client_secret": "hunter2"}
	maps.Copy(flags, change)
	return configs.Sources{Flags: flags}
}

func TestOpenIDProvider(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"as little as possible":   nil,
		"a slash at the end":      {"oidc.issuer": "https://example.eu.auth0.com/"},
		"this machine":            {"oidc.issuer": "http://127.0.0.1:5556/dex"},
		"this machine, over IPv6": {"oidc.issuer": "http://[::1]:5556"},
		"one account":             {"oidc.account": "acme", "oidc.assume_email_verified": "true"},
		"every account":           {"oidc.account": "*", "oidc.only": "true"},
	} {
		if _, err := configs.Load(withProvider(change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, row := range []struct{ name, value, account string }{
		{"oidc.issuer", "http://login.example.com", ""},
		{"oidc.issuer", "login.example.com", ""},
		{"oidc.issuer", "https://ada@login.example.com", ""},
		{"oidc.issuer", "https://login.example.com?tenant=1", ""},
		{"oidc.client_id", "", ""},
		{"oidc.client_secret", "", ""},
		{"oidc.account", "Acme Corporation", ""},
		{"oidc.name", "a name that is far too long for the button of a page", ""},
		{"oidc.assume_email_verified", "true", ""},
		{"oidc.assume_email_verified", "true", "*"},
	} {
		change := map[string]string{row.name: row.value}
		if row.account != "" {
			change["oidc.account"] = row.account
		}
		_, err := configs.Load(withProvider(change))
		if wrong, ok := errors.AsType[*configs.Error](err); !ok || wrong.Setting != row.name || wrong.Problem == "" {
			t.Errorf("%s=%s beside account %q: err = %v, want one about it", row.name, row.value, row.account, err)
		}
	}
}

func TestNameOfTheProvider(t *testing.T) {
	if got := load(t, withProvider(nil)).OIDC.DisplayName(); got != "login.example.com" {
		t.Errorf("the name is %q, want the host", got)
	}
	if got := load(t, withProvider(map[string]string{"oidc.name": "Example"})).OIDC.DisplayName(); got != "Example" {
		t.Errorf("the name is %q, want Example", got)
	}
}
