package e2e_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

var rollingRate = flag.Int("rolling", 200, "how many tokens a second TestRollingRestart fetches; make test-all fetches 2,000")

// Three servers behind the shipped configurations of HAProxy and nginx are stopped and started in turn under load, with the default drain.
// No client sees it, be it one that keeps its connections or one that makes a new one for each request.
func TestRollingRestart(t *testing.T) {
	d := deploy(t, "redis", 3)
	var clients []*caller
	for _, balancer := range []string{startBalancer(t, d), startNginxBalancer(t, d)} {
		for _, oneRequestEach := range []bool{false, true} {
			transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableKeepAlives: oneRequestEach}
			t.Cleanup(transport.CloseIdleConnections)
			clients = append(clients, &caller{t: t, base: balancer, client: &http.Client{Transport: transport, Timeout: e2etest.Patience}})
		}
	}
	for _, c := range clients {
		e2etest.Eventually(t, "balancer "+c.base, func() error { return fetchOnce(c, d.first.AccessKey) })
	}
	var asked, failed atomic.Int64
	var load sync.WaitGroup
	stop := make(chan struct{})
	for _, c := range clients {
		load.Go(func() {
			tick := time.NewTicker(time.Second * time.Duration(len(clients)) / time.Duration(*rollingRate))
			defer tick.Stop()
			var requests sync.WaitGroup
			defer requests.Wait()
			slots := make(chan struct{}, 100) // bounds what a slow machine piles up
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				slots <- struct{}{}
				requests.Go(func() {
					defer func() { <-slots }()
					asked.Add(1)
					if err := fetchOnce(c, d.first.AccessKey); err != nil && failed.Add(1) <= 10 {
						t.Errorf("through %s: %v", c.base, err)
					}
				})
			}
		})
	}
	for _, s := range d.servers {
		if err := s.End(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		s.Start()
		s.AwaitReady()
		time.Sleep(2 * time.Second) // as an operator waits until the balancer has seen it, which it tells nobody
	}
	close(stop)
	load.Wait()
	t.Logf("%d requests, %d failed", asked.Load(), failed.Load())
}

func fetchOnce(c *caller, key accessKey) error {
	token, a, err := c.fetch(key)
	if err == nil && (a.status != http.StatusOK || token == "") {
		err = fmt.Errorf("%s", a)
	}
	return err
}

// startNginxBalancer runs nginx with the shipped configuration and the addresses of this deployment.
func startNginxBalancer(t *testing.T, d *deployment) string {
	t.Helper()
	config, err := os.ReadFile("../configs/compose/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	address, folder := e2etest.FreeAddress(t), t.TempDir()
	text := strings.Replace(string(config), "listen 8080", "listen "+address, 1)
	for i, s := range d.servers {
		text = strings.Replace(text, fmt.Sprintf("mintkey%d:8080", i+1), strings.TrimPrefix(s.URL, "http://"), 1)
	}
	whole := fmt.Sprintf(`daemon off;
pid %[1]s/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
%[2]s}
`, folder, text)
	path := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	e2etest.NewProcess(t, "nginx", "nginx", "-e", "stderr", "-p", folder, "-c", path).Start()
	return "http://" + address
}
