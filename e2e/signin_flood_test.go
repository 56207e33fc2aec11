package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	strangers = 300
	maxMemory = 300 << 10 // kB
)

// Strangers who all sign in at once take little memory, and tokens are issued meanwhile.
func TestStrangersWhoSignInAtOnce(t *testing.T) {
	d := deployProgram(t, plainProgram(t), "bolt", 1)
	s := d.servers[0]
	var flood sync.WaitGroup
	statuses := make([]int, strangers)
	for i := range strangers {
		flood.Go(func() {
			form := url.Values{"email": {fmt.Sprintf("stranger-%d@example.com", i)}, "password": {"correct horse"}}
			response, err := http.PostForm(s.URL+"/console/sign-in", form)
			if err != nil {
				t.Error(err)
				return
			}
			_ = response.Body.Close()
			statuses[i] = response.StatusCode
		})
	}
	over := make(chan struct{})
	go func() {
		flood.Wait()
		close(over)
	}()
	tokens := fetchTokens(d, 10, over)

	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	if counts[http.StatusUnauthorized] == 0 || counts[http.StatusUnauthorized]+counts[http.StatusServiceUnavailable] != strangers {
		t.Errorf("answered %v, want 401 and 503", counts)
	}
	peak := peakMemory(t, s.Running.Process.Pid)
	t.Logf("sign-ins %v; peak memory %d MiB; %d tokens meanwhile", counts, peak>>10, tokens)
	if peak > maxMemory {
		t.Errorf("the peak of memory is %d MiB, want at most %d", peak>>10, maxMemory>>10)
	}
}

// fetchTokens fetches tokens one after the other, at least so many and until over is closed, and returns how many.
func fetchTokens(d *deployment, atLeast int, over <-chan struct{}) (fetched int) {
	for {
		select {
		case <-over:
			over = nil
		default:
		}
		if over == nil && fetched >= atLeast {
			return fetched
		}
		d.admin.mustFetch(d.first.AccessKey)
		fetched++
	}
}

// peakMemory is the most memory that the process ever had, in kB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(status))
	if found == nil {
		t.Fatalf("no peak of memory in %s", strings.TrimSpace(string(status)))
	}
	peak, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return peak
}
