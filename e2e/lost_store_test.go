package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// statusOf asks for a token and returns the status of the answer.
func statusOf(t *testing.T, url string, key accessKey) int {
	t.Helper()
	status, err := askStatus(url, key)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// askStatus is statusOf for goroutines of their own, which must not end a test.
func askStatus(url string, key accessKey) (int, error) {
	request, err := http.NewRequest(http.MethodPost, url+"/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

// mintkey runs a command on the store of the deployment.
func (d *deployment) mintkey(args ...string) {
	d.t.Helper()
	cmd := exec.Command(d.program, args...)
	cmd.Env = append(e2etest.CleanEnviron(), d.env...)
	cmd.Dir = d.t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("mintkey %v: %v\n%s", args, err, out)
	}
}

func (d *deployment) flush() {
	d.t.Helper()
	if err := d.redis.command("FLUSHALL", "+OK"); err != nil {
		d.t.Fatal(err)
	}
}

func getStatus(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text := make([]byte, 1<<20)
	n, _ := response.Body.Read(text)
	return response.StatusCode, string(text[:n])
}

// A Redis that is emptied under running servers is away, and no client is told that its secret is wrong: not in the first moment, and not
// after a new server has begun to use it. Signing keys stay, and once the data is back everything goes on.
func TestEmptiedStoreIsAway(t *testing.T) {
	d := deploy(t, "redis", 2)
	_, before := getStatus(t, d.servers[0].URL+"/.well-known/jwks.json")
	backup := filepath.Join(t.TempDir(), "backup.db")
	d.mintkey("backup", backup)
	d.flush()
	for range 20 {
		for _, s := range d.servers {
			if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusServiceUnavailable {
				t.Fatalf("%s answers a right secret with %d, want 503", s.Name, status)
			}
		}
	}
	for _, s := range d.servers {
		e2etest.Eventually(t, s.Name+" not ready", func() error {
			if status, body := getStatus(t, s.OpsURL+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "emptied") {
				return fmt.Errorf("%d %s", status, body)
			}
			return nil
		})
	}
	d.addServer(2) // it knows nothing of what was there
	d.servers[2].Start()
	d.servers[2].AwaitReady()
	for range 3 {
		for _, s := range d.servers[:2] {
			if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusServiceUnavailable {
				t.Errorf("beside a new server %s answers a right secret with %d, want 503", s.Name, status)
			}
			if status, body := getStatus(t, s.URL+"/.well-known/jwks.json"); status != http.StatusOK || body != before {
				t.Errorf("%s: JWKS %d, changed: %t", s.Name, status, body != before)
			}
		}
	}
	d.servers[2].Terminate()
	d.flush()
	d.mintkey("restore", backup)
	for _, s := range d.servers[:2] {
		s.AwaitReady()
		if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusOK {
			t.Errorf("after the restore %s answers a right secret with %d", s.Name, status)
		}
		if status, body := getStatus(t, s.OpsURL+"/readyz?verbose"); status != http.StatusOK || !strings.Contains(body, "its history went back") {
			t.Errorf("%s: %d %s", s.Name, status, body)
		}
	}
}

// An emptied store is logged as lost, and not as away, also where no request has come that could have noticed. What its server writes
// before it has noticed, as traffic and last uses, does not make the store one that has data, and no restore fails for it.
func TestEmptiedStoreIsLoggedAsLost(t *testing.T) {
	t.Parallel()
	d := deploy(t, "redis", 1)
	s := d.servers[0]
	backup := filepath.Join(t.TempDir(), "backup.db")
	d.mintkey("backup", backup)
	if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusOK { // whose traces are still to be written
		t.Fatalf("status %d", status)
	}
	d.flush()
	e2etest.Eventually(t, "store lost", func() error { return s.Logged(`level=ERROR msg="store lost"`) })
	if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusServiceUnavailable {
		t.Errorf("a right secret gets %d, want 503", status)
	}
	time.Sleep(2 * time.Second) // all tasks come round
	if strings.Contains(string(s.Log()), "the store is away") {
		t.Error("the log says that the store is away")
	}
	d.mintkey("restore", backup)
	s.AwaitReady()
	if status := statusOf(t, s.URL, d.first.AccessKey); status != http.StatusOK {
		t.Errorf("after the restore a right secret gets %d", status)
	}
}

// A bolt file that is moved away under its server takes no changes any more, which would be lost at the next start.
func TestReplacedFileTakesNoChanges(t *testing.T) {
	d := deploy(t, "bolt", 1)
	path := filepath.Join(d.dir, "mintkey.db")
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	s := d.servers[0]
	e2etest.Eventually(t, "not ready", func() error {
		if status, body := getStatus(t, s.OpsURL+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "replaced") {
			return fmt.Errorf("%d %s", status, body)
		}
		return nil
	})
	answer, err := d.admin.try(http.MethodPost, "/admin/v1/accounts/acme/users", map[string]any{"name": "Grace", "email": "grace@example.com"})
	if err != nil || answer.status != http.StatusServiceUnavailable {
		t.Errorf("a change: %v %v", answer, err)
	}
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	s.AwaitReady()
}
