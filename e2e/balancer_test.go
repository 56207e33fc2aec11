package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// The load balancer of docker-compose.yml, with its own configuration: a server dies, and no request after that fails.
func TestComposeBalancer(t *testing.T) {
	d := deploy(t, "redis", 2)
	balancer := startBalancer(t, d)
	through := *d.admin
	through.base = balancer
	e2etest.Eventually(t, "both servers known to the balancer", func() error {
		for _, s := range d.servers {
			if !strings.Contains(string(s.Log()), "/.well-known/jwks.json") {
				if a, err := through.try(http.MethodGet, "/.well-known/jwks.json", nil); err != nil || a.status != http.StatusOK {
					return fmt.Errorf("%w %s", err, a)
				}
				return fmt.Errorf("no request has reached %s yet", s.Name)
			}
		}
		return nil
	})
	d.servers[1].Kill()
	for range 50 {
		through.mustFetch(d.first.AccessKey)
	}
	d.servers[1].Start()
	d.servers[1].AwaitReady()
}

// startBalancer runs haproxy with the addresses of this deployment in place of the names in the composed network.
func startBalancer(t *testing.T, d *deployment) string {
	t.Helper()
	config, err := os.ReadFile("../configs/compose/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	address := e2etest.FreeAddress(t)
	text := strings.Replace(string(config), "bind :8080", "bind "+address, 1)
	text = strings.Replace(text, "resolvers docker init-addr last,libc,none", "", 1)
	for i := 2; i < len(d.servers); i++ { // the shipped file has two
		text = strings.TrimRight(text, "\n") + fmt.Sprintf("\n    server mintkey%d mintkey%[1]d:8080\n", i+1)
	}
	for i, s := range d.servers {
		ops, err := url.Parse(s.OpsURL)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("mintkey%d", i+1)
		line := regexp.MustCompile(`server ` + name + ` ` + name + `:8080`)
		if !line.MatchString(text) {
			t.Fatalf("haproxy.cfg has no line %v", line)
		}
		text = line.ReplaceAllString(text, "server "+name+" "+strings.TrimPrefix(s.URL, "http://")+" port "+ops.Port())
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e2etest.NewProcess(t, "haproxy", "haproxy", "-db", "-f", path).Start()
	e2etest.Eventually(t, "haproxy", func() error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return "http://" + address
}
