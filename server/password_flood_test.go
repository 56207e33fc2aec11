package server_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/budgettest"
)

// atOnce delays refunds to budgets until the given number of passwords has been reserved for, as if all requests were concurrent.
type atOnce struct {
	store.Store
	left atomic.Int64
	all  chan struct{}
}

func newAtOnce(s store.Store, asked int64) *atOnce {
	a := &atOnce{Store: s, all: make(chan struct{})}
	a.left.Store(asked)
	return a
}

func (a *atOnce) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	wait, err := a.Store.Reserve(ctx, key, rate)
	if strings.HasPrefix(key, "passwords-user-address/") && a.left.Add(-1) == 0 {
		close(a.all)
	}
	return wait, err
}

func (a *atOnce) Refund(ctx context.Context, key string, rate store.Rate) error {
	<-a.all
	return a.Store.Refund(ctx, key, rate)
}

// Of concurrent right and wrong passwords only as many are checked as the budget allows. The others are refused without a hash (R23).
func TestPasswordsAtOnce(t *testing.T) {
	const asked, budget = 200, 10
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, newAtOnce(budgettest.Bolt{Store: opened}, asked))
	w.withPassword("pia", "mill")
	before := w.hasher.Hashed()
	var statuses [asked]int
	var all sync.WaitGroup
	for i := range asked {
		secret := password
		if i%2 == 0 {
			secret = "wrong password"
		}
		name := []string{"pia", "pia@acme.example", "PIA@acme.example"}[i%3] // one user, however it is spelt
		// A server that has too much to do may send somebody away first, who comes again.
		all.Go(func() {
			for statuses[i] == 0 || statuses[i] == http.StatusServiceUnavailable {
				statuses[i] = w.postForm(login("mill", name, secret), from("10.0.0.1")).status
			}
		})
	}
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	checked := counts[http.StatusOK] + counts[http.StatusBadRequest]
	if checked != budget || checked+counts[http.StatusTooManyRequests] != asked {
		t.Errorf("answered %v: %d were checked, want %d and 429 for the others", counts, checked, budget)
	}
	if hashed := int(w.hasher.Hashed() - before); hashed != checked {
		t.Errorf("%d passwords were hashed and %d checked", hashed, checked)
	}
	w.postForm(login("mill", "pia", password), from("10.0.0.2")).want(200)
}

// When there are more passwords than can be hashed, the rest get Retry-After, and programs with access keys are not affected.
func TestPasswordsPastTheQueue(t *testing.T) {
	w := newWorld(t)
	w.withPassword("pia", "mill")
	var busy, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 250 {
		all.Go(func() {
			switch a := w.postForm(login("mill", "nobody-"+string(rune('a'+i%26))+string(rune('a'+i/26)), password), from("10.0.0.1")); a.status {
			case http.StatusServiceUnavailable:
				busy.Add(1)
				if a.header.Get("Retry-After") == "" || a.peek("error") != "temporarily_unavailable" {
					t.Errorf("answered %s without Retry-After, or with another error", a.body)
				}
			case http.StatusBadRequest:
				refused.Add(1)
			default:
				t.Errorf("answered %d: %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if busy.Load() == 0 || busy.Load()+refused.Load() != 250 {
		t.Errorf("%d were told to come back and %d checked", busy.Load(), refused.Load())
	}
	// A password that was not checked was no guess: 300 a minute are allowed from an address.
	w.postForm(login("mill", "pia", password), from("10.0.0.1")).want(200)
	w.exchange(w.mia).want(200)
}

// Changing passwords through the administration API waits in turn: each is done, or told to come back.
func TestAdministrationIsToldToComeBack(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	token := bearer(w.ada.token(w))
	for range 150 {
		all.Go(func() {
			if a := w.patch(token, acmeUsers+"/mia", `{"password":"correct horse"}`); a.status != http.StatusOK {
				a.wantCode(503, "busy")
			}
		})
	}
	all.Wait()
}
