package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// trailFollower is "mintkey audit follow", which is killed again and again.
type trailFollower struct {
	d     *deployment
	lines string // the file that its output is appended to
	state string
}

func (f *trailFollower) command(args ...string) *exec.Cmd {
	f.d.t.Helper()
	out, err := os.OpenFile(f.lines, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.d.t.Fatal(err)
	}
	f.d.t.Cleanup(func() { _ = out.Close() })
	cmd := exec.Command(f.d.program, append([]string{"audit", "follow", "-o", "json", "--state", f.state}, args...)...)
	cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_URL="+f.d.servers[0].URL, "MINTKEY_CLIENT_ID="+f.d.first.ClientID,
		"MINTKEY_CLIENT_SECRET="+f.d.first.ClientSecret)
	cmd.Stdout, cmd.Stderr = out, &bytes.Buffer{}
	return cmd
}

// seen returns how often each event came.
func (f *trailFollower) seen() map[string]int {
	f.d.t.Helper()
	content, err := os.ReadFile(f.lines)
	if err != nil {
		f.d.t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range bytes.Lines(content) {
		var e struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(line, &e); err != nil || e.ID == "" {
			f.d.t.Errorf("line %.200q: %v", line, err)
		}
		seen[e.ID]++
	}
	return seen
}

// The follower is killed at any moment, its server too, and others write all the time: no event is left out, and what comes twice has the
// same ID.
func TestKilledFollowerLeavesNothingOut(t *testing.T) {
	eachStore(t, func(t *testing.T, d *deployment) {
		dir := t.TempDir()
		f := &trailFollower{d: d, lines: filepath.Join(dir, "events.jsonl"), state: filepath.Join(dir, "state.json")}
		const writers, each, kills = 4, 60, 12
		var writing sync.WaitGroup
		for w := range writers {
			c := d.signIn(d.first.AccessKey, d.servers[w%len(d.servers)])
			writing.Go(func() {
				for i := range each {
					body := map[string]any{"name": "x", "email": fmt.Sprintf("w%d-%d@example.com", w, i)}
					e2etest.Eventually(t, "a user", func() error { // whose server may be away
						a, err := c.try(http.MethodPost, "/admin/v1/accounts/"+d.first.AccountID+"/users", body)
						if err == nil && a.status != http.StatusCreated && a.status != http.StatusConflict { // it is there already
							err = fmt.Errorf("%s", a)
						}
						return err
					})
					time.Sleep(30 * time.Millisecond)
				}
			})
		}
		for n := range kills {
			cmd := f.command()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // any moment
			if n == kills/2 {
				d.servers[0].Kill()
				time.Sleep(200 * time.Millisecond)
				d.servers[0].Start()
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		writing.Wait()
		d.servers[0].AwaitReady()
		last := f.command("--once")
		if err := last.Run(); err != nil {
			t.Fatalf("the last run: %v\n%s", err, last.Stderr)
		}
		type event struct {
			ID string `json:"id"`
		}
		all := listAll[event](d.admin, "/admin/v1/accounts/"+d.first.AccountID+"/audit")
		seen := f.seen()
		for _, e := range all {
			if seen[e.ID] == 0 {
				t.Errorf("event %s was left out", e.ID)
			}
		}
		if len(seen) != len(all) || len(all) < writers*each {
			t.Errorf("%d events came, the trail has %d", len(seen), len(all))
		}
		before := len(seen)
		again := f.command("--once")
		if err := again.Run(); err != nil || len(f.seen()) != before {
			t.Errorf("another run: %v, and %d events more", err, len(f.seen())-before)
		}
	})
}
