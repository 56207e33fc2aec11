package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	strangers = 300
	maxMemory = 300 << 10 // kB
	// barely is a 99th percentile that needs no explanation where other programs run on the same processors.
	barely = 50 * time.Millisecond
)

// Strangers who all sign in at once take little memory, and tokens keep their speed meanwhile.
func TestStrangersWhoSignInAtOnce(t *testing.T) {
	d := deployProgram(t, plainProgram(t), "bolt", 1)
	s := d.servers[0]
	rest := p99(fetchTokens(d, 300, nil))

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
	busy := p99(fetchTokens(d, 10, over))

	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	if counts[http.StatusUnauthorized] == 0 || counts[http.StatusUnauthorized]+counts[http.StatusServiceUnavailable] != strangers {
		t.Errorf("answered %v, want 401 and 503", counts)
	}
	peak := peakMemory(t, s.Running.Process.Pid)
	t.Logf("sign-ins %v; peak memory %d MiB; p99 of tokens %v at rest, %v meanwhile", counts, peak>>10, rest, busy)
	if peak > maxMemory {
		t.Errorf("the peak of memory is %d MiB, want at most %d", peak>>10, maxMemory>>10)
	}
	if limit := 3 * max(rest, barely); busy > limit {
		t.Errorf("the p99 of tokens is %v, want at most %v", busy, limit)
	}
}

// fetchTokens fetches tokens one after the other, at least so many and until over is closed, and returns how long each took.
func fetchTokens(d *deployment, atLeast int, over <-chan struct{}) (took []time.Duration) {
	for {
		select {
		case <-over:
			over = nil
		default:
		}
		if over == nil && len(took) >= atLeast {
			return took
		}
		begun := time.Now()
		d.admin.mustFetch(d.first.AccessKey)
		took = append(took, time.Since(begun))
	}
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
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
