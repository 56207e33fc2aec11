package console_test

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

// atOnce delays refunds until the given number of attempts has been counted, as if all had come at the same time.
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

// Of right and wrong passwords sent at the same time, as many are checked as the budget allows. The rest are refused unhashed (R23).
func TestSignInsAtOnce(t *testing.T) {
	const asked, budget = 200, 10
	path := filepath.Join(t.TempDir(), "mintkey.db")
	opened, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	h := newHarnessOn(t, newAtOnce(budgettest.Bolt{Store: opened}, asked), path)
	before := h.hasher.Hashed()
	var statuses [asked]int
	var all sync.WaitGroup
	for i := range asked {
		values := form{"account": {"acme"}, "email": {[]string{"ada@acme.example", "ADA@acme.example"}[i%2]}, "password": {password}}
		if i%4 < 2 {
			values.Set("password", "wrong password")
		}
		all.Go(func() { // a server that has too much to do may send somebody away first, who comes again
			for statuses[i] == 0 || statuses[i] == http.StatusServiceUnavailable {
				statuses[i] = h.visitor().post("/console/sign-in", values).status
			}
		})
	}
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	checked := counts[http.StatusSeeOther] + counts[http.StatusUnauthorized]
	if checked != budget || checked+counts[http.StatusTooManyRequests] != asked {
		t.Errorf("answered %v: %d were checked, want %d and 429 for the others", counts, checked, budget)
	}
	if hashed := int(h.hasher.Hashed() - before); hashed != checked {
		t.Errorf("%d passwords were hashed and %d checked", hashed, checked)
	}
}

// When more people sign in than can be hashed for, the rest get a page that says so, and are not charged for a guess.
func TestSignInsPastTheQueue(t *testing.T) {
	h := newHarness(t)
	var all sync.WaitGroup
	var busy atomic.Int64
	for i := range 150 {
		values := form{"account": {"acme"}, "email": {string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@acme.example"}, "password": {password}}
		all.Go(func() {
			p := h.visitor().post("/console/sign-in", values)
			switch p.status {
			case http.StatusServiceUnavailable:
				busy.Add(1)
				if !strings.Contains(p.text(), "Try again in a few seconds.") || p.header.Get("Retry-After") == "" {
					t.Errorf("answered %s without Retry-After, or without saying so", p.text())
				}
			case http.StatusUnauthorized:
			default:
				t.Errorf("answered %d: %s", p.status, p.text())
			}
		})
	}
	all.Wait()
	if busy.Load() == 0 {
		t.Error("nobody was told to come back")
	}
	h.as("ada")
}

// A user has one budget for the console and the token endpoint together.
func TestOneBudgetWhereverAPasswordIsTyped(t *testing.T) {
	h := newHarness(t)
	guesses := 0
	for h.visitor().post("/console/sign-in", form{"email": {"grace@acme.example"}, "password": {"wrong"}}).status == 401 && guesses < 100 {
		guesses++
	}
	grant := form{"grant_type": {"password"}, "tenant_id": {"lisbon"}, "username": {"grace"}, "password": {password}}
	h.visitor().post("/oauth2/token", grant).want(429)
	grant.Set("username", "tom")
	h.visitor().post("/oauth2/token", grant).want(200)
}
