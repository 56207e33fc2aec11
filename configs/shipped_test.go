package configs_test

import (
	"net"
	"os"
	"regexp"
	"testing"

	"mintkey/configs"
)

// The files for containers name the port of ops_listen, and the end-to-end tests put ports of their own in its place. Where they name
// another one than the server's, the load balancer finds no server ready.
func TestShippedFilesKnowTheOpsPort(t *testing.T) {
	_, port, err := net.SplitHostPort(load(t, configs.Sources{}).OpsListen)
	if err != nil {
		t.Fatal(err)
	}
	for file, pattern := range map[string]string{
		"../Dockerfile":                       `(?:MINTKEY_OPS_LISTEN=0\.0\.0\.0:|EXPOSE \d+ )(\d+)`,
		"compose/haproxy.cfg":                 `check port (\d+)`,
		"helm/mintkey/templates/_helpers.tpl": `"0\.0\.0\.0:(94\d+)"`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindAllSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s: nothing matches %s", file, pattern)
		}
		for _, match := range found {
			if string(match[1]) != port {
				t.Errorf("%s: %s, but ops_listen has the port %s", file, match[0], port)
			}
		}
	}
}
