package configs_test

import (
	"strings"
	"testing"

	"mintkey/configs"
)

// An issuer has one form, because clients compare it as text: who gave another one is told which.
func TestTheFormOfAnIssuer(t *testing.T) {
	_, err := configs.Load(configs.Sources{Flags: map[string]string{"issuer": "https://example.com/mintkey"}})
	if err == nil || !strings.Contains(err.Error(), "a host name or a port of its own") {
		t.Error(err)
	}
	for bad, want := range map[string]string{
		"https://example.com:0":     "a port from 1 to 65535",
		"https://example.com:99999": "a port from 1 to 65535",
		"https://a..example.com":    "is empty",
		"https://A.example.com":     "in small letters, because clients compare it letter by letter: https://a.example.com",
		"http://[2001:DB8::1]:8080": "in small letters, because clients compare it letter by letter: http://[2001:db8::1]:8080",
		"https://example.com:443":   "leave out the default port, as clients do: https://example.com",
		"http://example.com:80":     "leave out the default port, as clients do: http://example.com",
		"http://[::1]:80":           "leave out the default port, as clients do: http://[::1]",
		"http://example.com:08080":  "without a zero before it",
	} {
		_, err := configs.Load(configs.Sources{Flags: map[string]string{"issuer": bad}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, good := range []string{
		"http://[2001:db8::1]:8080", "https://xn--exmple-cua.com", "http://mintkey_1:8080", "https://example.com:80",
	} {
		load(t, configs.Sources{Flags: map[string]string{"issuer": good}})
	}
}
