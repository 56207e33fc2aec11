package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// watchedServers are what an unchanged Prometheus scrapes while faults are made.
type watchedServers struct {
	*deployment // on Redis; well until something is broken

	t       *testing.T
	p       *prometheus
	healthy *e2etest.Server
	other   *e2etest.Server // on a bolt store, started with what is wrong with it
	first   e2etest.FirstKey
	liar    *e2etest.Server // tells what healthy tells, but for lies
	lies    atomic.Pointer[strings.Replacer]
	webhook atomic.Int32 // the status with which it answers
}

// Each alert fires by the fault that it is for, on real servers scraped by an unchanged Prometheus. How long a fault must last, and where
// the thresholds lie, is in TestAlertRules.
func TestAlerts(t *testing.T) {
	t.Parallel()
	w := watchServers(t)
	w.whileAllIsWell()
	w.otherServer()
	w.clientsThatMisbehave()
	w.deliveriesThatFail()
	w.storeThatTakesNoChanges()
	w.storeThatIsSlow()
	w.storeThatIsAway()
	w.storeThatWasEmptied()
	w.dashboardShowsWhatThereIs()
}

func watchServers(t *testing.T) *watchedServers {
	w := &watchedServers{t: t}
	w.webhook.Store(http.StatusOK)
	receiver := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(int(w.webhook.Load()))
	}))
	t.Cleanup(receiver.Close)
	w.deployment = deploy(t, "redis", 1, "MINTKEY_WEBHOOK_URL="+receiver.URL, "MINTKEY_SIGNING_KEYS_ROTATE_EVERY=1h",
		"MINTKEY_WEBHOOK_SECRET=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	w.healthy = w.servers[0]

	store := "MINTKEY_STORE=bolt://" + filepath.Join(t.TempDir(), "mintkey.db")
	w.first = e2etest.Init(t, mintkey, "builds", store)
	w.other = e2etest.NewServer(t, "other", mintkey, "")
	w.other.Env = []string{store}

	w.lies.Store(strings.NewReplacer())
	liar := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		_, text, err := getText(w.healthy.OpsURL + "/metrics")
		if err != nil {
			answer.WriteHeader(http.StatusBadGateway)
		}
		_, _ = w.lies.Load().WriteString(answer, text)
	}))
	t.Cleanup(liar.Close)
	w.liar = &e2etest.Server{OpsURL: liar.URL}
	w.p = startPrometheus(t, w.healthy.OpsURL, w.other.OpsURL, w.liar.OpsURL)
	return w
}

// whileAllIsWell nothing fires, but that there is no backup yet and one server was not started.
func (w *watchedServers) whileAllIsWell() {
	w.t.Helper()
	w.p.fires("MintkeyDown", w.other, 0)
	w.p.fires("MintkeyNoBackup", w.healthy, 0)
	w.mintkey("backup", filepath.Join(w.t.TempDir(), "backup.db"))
	w.p.isQuiet("MintkeyNoBackup")
	for alert := range w.p.exprs {
		if alert != "MintkeyDown" {
			w.p.isQuiet(alert)
		}
	}
	w.lies.Store(strings.NewReplacer(`revision="`, `revision="9`))
	w.p.fires("MintkeyVersionsDiffer", w.liar, 0)
	// The clock of this machine is that of Redis, so nothing but a lie makes them differ; store.AgreedTime has tests of its own.
	w.lies.Store(strings.NewReplacer("\nmintkey_clock_offset_seconds ", "\nmintkey_clock_offset_seconds -4\n# instead of "))
	w.p.fires("MintkeyClockDiffers", w.liar, 0)
	w.lies.Store(strings.NewReplacer())
}

// otherServer has a certificate that ends soon, an archive that can't be written, and access keys that expire soon, and then have.
func (w *watchedServers) otherServer() {
	w.t.Helper()
	folder := w.t.TempDir()
	writePair(w.t, filepath.Join(folder, "tls"), 1, 1, 3*24*time.Hour)
	if err := os.WriteFile(filepath.Join(folder, "archive"), nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.other.Start("--clock-offset", "2088h", "--tls-cert", filepath.Join(folder, "tls", "tls.crt"),
		"--tls-key", filepath.Join(folder, "tls", "tls.key"), "--audit-archive", filepath.Join(folder, "archive"))
	w.other.AwaitReady()
	w.p.fires("MintkeyCertificateExpires", w.other, 0)
	w.p.fires("MintkeyKeysExpireSoon", w.other, 0)
	w.p.fires("MintkeyAuditUpkeepFails", w.other, 0)
	w.p.isQuiet("MintkeyDown")
	w.other.Terminate()
	w.other.Start("--clock-offset", "2400h")
	w.other.AwaitReady()
	if status := statusOf(w.t, w.other.URL, w.first.AccessKey); status != http.StatusUnauthorized {
		w.t.Errorf("an access key that has expired gets %d", status)
	}
	w.p.fires("MintkeyExpiredKeysInUse", w.other, 0)
	w.other.Terminate()
}

func (w *watchedServers) clientsThatMisbehave() {
	w.t.Helper()
	for range 60 {
		statusOf(w.t, w.healthy.URL, accessKey{ClientID: w.deployment.first.ClientID, ClientSecret: "mks_guess"})
	}
	w.p.fires("MintkeyGuessing", w.healthy, 0)
	w.change(http.MethodPatch, "/admin/v1/tenants/"+w.deployment.first.TenantID, map[string]any{"tokens_per_minute": 1}, http.StatusOK)
	for range 3 {
		statusOf(w.t, w.healthy.URL, w.deployment.first.AccessKey)
	}
	w.p.fires("MintkeyQuotaExceeded", w.healthy, 0)
	w.change(http.MethodPatch, "/admin/v1/tenants/"+w.deployment.first.TenantID, map[string]any{"tokens_per_minute": nil}, http.StatusOK)
}

func (w *watchedServers) deliveriesThatFail() {
	w.t.Helper()
	w.webhook.Store(http.StatusBadRequest)
	w.announce()
	w.p.fires("MintkeyDeliveryGivenUp", w.healthy, 0)
	w.webhook.Store(http.StatusServiceUnavailable)
	w.announce()
	w.p.fires("MintkeyOutboxStuck", w.healthy, 20*time.Minute)
	w.webhook.Store(http.StatusOK)
}

func (w *watchedServers) storeThatTakesNoChanges() {
	w.t.Helper()
	w.redisSays("CONFIG SET min-replicas-to-write 1")
	w.change(http.MethodPatch, "/admin/v1/tenants/"+w.deployment.first.TenantID, map[string]any{"tokens_per_minute": 999},
		http.StatusServiceUnavailable)
	w.p.fires("MintkeyChangesRefused", w.healthy, 0)
	w.p.fires("MintkeySigningKeyOverdue", w.healthy, 3*time.Hour) // nothing can replace it meanwhile
	w.p.fires("MintkeyMaintenanceStopped", w.healthy, 20*time.Minute)
	w.redisSays("CONFIG SET min-replicas-to-write 0")
	w.change(http.MethodPatch, "/admin/v1/tenants/"+w.deployment.first.TenantID, map[string]any{"tokens_per_minute": nil}, http.StatusOK)
	w.p.isQuiet("MintkeyChangesRefused")
}

// storeThatIsSlow stops Redis for moments that are too short to be an outage, while more requests come than have a place.
func (w *watchedServers) storeThatIsSlow() {
	w.t.Helper()
	done := make(chan struct{})
	var clients sync.WaitGroup
	for range 300 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := askStatus(w.healthy.URL, w.deployment.first.AccessKey); err != nil {
						w.t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 4 {
		w.redis.Signal(syscall.SIGSTOP)
		time.Sleep(1400 * time.Millisecond)
		w.redis.Signal(syscall.SIGCONT)
		time.Sleep(50 * time.Millisecond)
	}
	close(done)
	clients.Wait()
	w.p.fires("MintkeySlowTokens", w.healthy, 0)
	w.p.fires("MintkeyOverloaded", w.healthy, 0)
}

func (w *watchedServers) storeThatIsAway() {
	w.t.Helper()
	w.redis.Kill()
	w.p.fires("MintkeyStoreAway", w.healthy, 0)
	for range 100 {
		statusOf(w.t, w.healthy.URL, w.deployment.first.AccessKey)
	}
	statusOf(w.t, w.healthy.URL, accessKey{ClientID: strings.Repeat("long", 100), ClientSecret: "mks_guess"}) // refused without the store
	w.p.fires("MintkeyServerErrors", w.healthy, 0)
	w.p.fires("MintkeyStoreErrors", w.healthy, 0)
	w.p.fires("MintkeyLimitsInMemory", w.healthy, 0)
	for _, metric := range []string{"mintkey_revocations_read_timestamp_seconds", "mintkey_status_lists_read_timestamp_seconds"} {
		changed := fmt.Sprintf(`changes(%s{instance=%q}[3s]) > 0`, metric, strings.TrimPrefix(w.healthy.OpsURL, "http://"))
		e2etest.Eventually(w.t, metric+" stands still", func() error {
			instances, err := w.p.query(changed, 0)
			if err == nil && len(instances) > 0 {
				err = fmt.Errorf("it has changed")
			}
			return err
		})
	}
	w.p.fires("MintkeyRevocationsNotRead", w.healthy, time.Minute)
	w.p.fires("MintkeyStatusListsStale", w.healthy, 10*time.Minute)
	w.redis.Start()
	w.healthy.AwaitReady()
	w.p.isQuiet("MintkeyStoreAway")
	w.p.isQuiet("MintkeyRevocationsNotRead")
}

func (w *watchedServers) storeThatWasEmptied() {
	w.t.Helper()
	backup := filepath.Join(w.t.TempDir(), "backup.db")
	w.mintkey("backup", backup)
	w.flush()
	w.p.fires("MintkeyStoreLost", w.healthy, 0)
	w.mintkey("restore", backup)
	w.healthy.AwaitReady()
	w.p.fires("MintkeyHistoryWentBack", w.healthy, 0)
	w.p.isQuiet("MintkeyStoreLost")
}

// dashboardShowsWhatThereIs asks every query of the dashboard. Those that say how long ago something was have no series before it was.
func (w *watchedServers) dashboardShowsWhatThereIs() {
	w.t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(readText(w.t, monitoring+"dashboard.json")), &dashboard); err != nil {
		w.t.Fatal(err)
	}
	var queries, empty []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			expr := strings.ReplaceAll(target.Expr, "$instance", ".*")
			instances, err := w.p.query(expr, 0)
			if err != nil {
				w.t.Errorf("%s: %s: %v", panel.Title, expr, err)
			}
			queries = append(queries, expr)
			if len(instances) == 0 {
				empty = append(empty, panel.Title)
			}
		}
	}
	// No server has a certificate any more, and the outbox is empty, or will be.
	empty = slices.DeleteFunc(empty, func(title string) bool {
		return title == "Certificate ends" || title == "Age of the oldest event in the outbox"
	})
	if len(queries) < 30 || len(empty) > 0 {
		w.t.Errorf("of %d queries, those of these panels find nothing: %q", len(queries), empty)
	}
}

// announce makes a change that programs are told of.
func (w *watchedServers) announce() {
	w.t.Helper()
	key := w.change(http.MethodPost, "/admin/v1/tenants/"+w.deployment.first.TenantID+"/keys",
		map[string]any{"user_id": w.deployment.first.UserID, "scopes": []string{"api"}}, http.StatusCreated)
	w.change(http.MethodDelete, "/admin/v1/tenants/"+w.deployment.first.TenantID+"/keys/"+decode[accessKey](w.t, key.body).ClientID, nil,
		http.StatusNoContent)
}

func (w *watchedServers) change(method, path string, body any, want int) answer {
	w.t.Helper()
	a, err := w.admin.try(method, path, body)
	if err != nil || a.status != want {
		w.t.Fatalf("%s %s: %v %d %s, want %d", method, path, err, a.status, a.body, want)
	}
	return a
}

func (w *watchedServers) redisSays(command string) {
	w.t.Helper()
	if err := w.redis.command(command, "+OK"); err != nil {
		w.t.Fatal(err)
	}
}
