package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

const monitoring = "../configs/monitoring/"

// prometheus is a Prometheus with the configuration of configs/monitoring, but for the addresses of the servers and how often it asks them.
type prometheus struct {
	t     *testing.T
	url   string
	exprs map[string]string // of the alerts
}

func startPrometheus(t *testing.T, targets ...string) *prometheus {
	t.Helper()
	folder := t.TempDir()
	config, err := os.ReadFile(monitoring + "prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	for i, target := range targets {
		targets[i] = strconv.Quote(strings.TrimPrefix(target, "http://"))
	}
	text := strings.ReplaceAll(string(config), `"127.0.0.1:9464"`, strings.Join(targets, ", "))
	text = regexp.MustCompile(`interval: 15s`).ReplaceAllString(text, "interval: 1s")
	rules, err := os.ReadFile(monitoring + "alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"prometheus.yml": text, "alerts.yml": string(rules)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := e2etest.FreeAddress(t)
	// A value that stands still is looked at as it will be later: it must still be there then.
	process := e2etest.NewProcess(t, "prometheus", "prometheus", "--config.file", filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path", filepath.Join(folder, "data"), "--web.listen-address", address, "--query.lookback-delta", "1000h")
	process.Start()
	p := &prometheus{t: t, url: "http://" + address, exprs: map[string]string{}}
	e2etest.Eventually(t, "prometheus", func() error { return p.loadRules() })
	return p
}

// api asks the API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/).
func (p *prometheus) api(path string, parameters url.Values, into any) error {
	response, err := http.Get(p.url + "/api/v1/" + path + "?" + parameters.Encode())
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

func (p *prometheus) loadRules() error {
	var found struct {
		Groups []struct {
			Rules []struct {
				Name, Query, Health string
				Annotations         map[string]string
			}
		}
	}
	if err := p.api("rules", nil, &found); err != nil {
		return err
	}
	for _, group := range found.Groups {
		for _, rule := range group.Rules {
			p.exprs[rule.Name] = rule.Query
		}
	}
	if len(p.exprs) == 0 {
		return fmt.Errorf("no rules in %+v", found)
	}
	return nil
}

// met returns the instances for which the condition of an alert holds, if all stays as it is, so long from now: "" if it names none.
func (p *prometheus) met(alert string, later time.Duration) ([]string, error) {
	expr, ok := p.exprs[alert]
	if !ok {
		return nil, fmt.Errorf("there is no alert %s", alert)
	}
	return p.query(expr, later)
}

func (p *prometheus) query(expr string, later time.Duration) (instances []string, err error) {
	var found struct {
		Result []struct{ Metric map[string]string }
	}
	at := float64(time.Now().Add(later).UnixMilli()) / 1000
	err = p.api("query", url.Values{"query": {expr}, "time": {strconv.FormatFloat(at, 'f', 3, 64)}}, &found)
	for _, series := range found.Result {
		instances = append(instances, series.Metric["instance"])
	}
	return instances, err
}

// fires waits until the condition of an alert holds, for the server if the alert is about one.
func (p *prometheus) fires(alert string, s *e2etest.Server, later time.Duration) {
	p.t.Helper()
	instance := strings.TrimPrefix(s.OpsURL, "http://")
	e2etest.Eventually(p.t, alert, func() error {
		instances, err := p.met(alert, later)
		if err == nil && !slices.Contains(instances, instance) && !slices.Contains(instances, "") {
			time.Sleep(200 * time.Millisecond)
			err = fmt.Errorf("it does not fire for %s, but for %q: %s", instance, instances, p.exprs[alert])
		}
		return err
	})
	p.fired(alert)
}

// isQuiet waits until the condition of an alert holds no more.
func (p *prometheus) isQuiet(alert string) {
	p.t.Helper()
	e2etest.Eventually(p.t, alert+" is quiet", func() error {
		instances, err := p.met(alert, 0)
		if err == nil && len(instances) > 0 {
			time.Sleep(200 * time.Millisecond)
			err = fmt.Errorf("it fires for %q", instances)
		}
		return err
	})
}

func (p *prometheus) fired(alert string) { p.t.Logf("%s fires", alert) }

// Each alert fires on what it is for and is quiet on what is close to it, with its "for" and its thresholds, in the words of promtool.
func TestAlertRules(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", monitoring + "alerts.yml"},
		{"check", "config", monitoring + "prometheus.yml"},
		{"test", "rules", monitoring + "alerts_test.yml"},
	} {
		if out, err := exec.Command("promtool", args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	rules, cases := readText(t, monitoring+"alerts.yml"), readText(t, monitoring+"alerts_test.yml")
	operations := strings.ToLower(readText(t, "../docs/monitoring.md"))
	names := regexp.MustCompile(`(?m)^      - alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	for _, match := range names {
		name := match[1]
		for _, kind := range []string{" fires\n", " is quiet\n"} {
			if !strings.Contains(cases, "- name: "+name+kind) {
				t.Errorf("alerts_test.yml has no case %q", name+kind)
			}
		}
		runbook := "docs/monitoring.md#" + strings.ToLower(name)
		if !strings.Contains(rules, runbook) || !strings.Contains(operations, "\n#### "+strings.ToLower(name)+"\n") {
			t.Errorf("%s has no runbook: %s", name, runbook)
		}
	}
	if len(names) < 20 {
		t.Errorf("only %d alerts were found", len(names))
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
