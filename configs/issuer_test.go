package configs_test

import (
	"strings"
	"testing"

	"mintkey/configs"
)

// Who gave the server a path is told what to do instead.
func TestAnIssuerHasNoPath(t *testing.T) {
	_, err := configs.Load(configs.Sources{Flags: map[string]string{"issuer": "https://example.com/mintkey"}})
	if err == nil || !strings.Contains(err.Error(), "a host name or a port of its own") {
		t.Error(err)
	}
	for bad, want := range map[string]string{
		"https://example.com:0":     "a port from 1 to 65535",
		"https://example.com:99999": "a port from 1 to 65535",
		"https://a..example.com":    "is empty",
	} {
		_, err := configs.Load(configs.Sources{Flags: map[string]string{"issuer": bad}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, good := range []string{
		"http://[2001:db8::1]:8080", "https://xn--exmple-cua.com", "http://mintkey_1:8080", "https://A.example.com",
	} {
		load(t, configs.Sources{Flags: map[string]string{"issuer": good}})
	}
}
