package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/store"
)

// A year passes in steps of a random number of hours. Between the steps keys come and go and policies change; after each, the
// servers look. What arrives at a real mail server must be what the model lists: no mail more, none less.
func TestYear(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newYear(t, seed, openBolt(t)).run() })
	}
}

// Three servers at once, which restart now and then, and die at times right between sending and recording, with a mail server
// that refuses and hangs up. A mail may come twice only where a server died.
func TestYearWithTrouble(t *testing.T) {
	y := newYear(t, 0, openThrice(t)...)
	y.inviteTrouble()
	y.run()
	if y.crashes == 0 || y.refusals == 0 || y.restarts == 0 {
		t.Errorf("%d crashes, %d refusals, %d restarts: the trouble did not come", y.crashes, y.refusals, y.restarts)
	}
}

// year is the world that goes through it. One step begins on the hour; servers look half an hour later, and what they have to send
// is sent within the following hours, before anything else happens.
type year struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	stores []fullStore // one for each replica; all show the same data
	model  *model
	mail   *mailServer

	replicas []*replica
	people   []person
	made     int

	trouble bool
	mu      sync.Mutex // for all that follows
	// fate decides about trouble, apart from random: what people do must not depend on which server comes first.
	fate                        *rand.Rand
	crashes, refusals, restarts int
	refused                     map[string]int // by Message-ID
}

// chance comes true once in so many times, and is then counted.
func (y *year) chance(once int, count *int) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.fate.IntN(once) > 0 {
		return false
	}
	*count++
	return true
}

type person struct{ account, tenant, user string }

// replica is one server's part in it.
type replica struct {
	scheduler *notify.Scheduler
	worker    *notify.OutboxWorker
}

func newYear(t *testing.T, seed uint64, stores ...fullStore) *year {
	t.Helper()
	y := &year{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), fate: rand.New(rand.NewPCG(seed, 2)), now: noon,
		stores: stores, model: newModel("acme", "beta"),
		mail: startMailServer(t, mailServerOptions{}), refused: map[string]int{},
	}
	s := stores[0]
	addAccount(t, s, "acme", y.now)
	addAccount(t, s, "beta", y.now)
	addTenant(t, s, "acme", "load")
	addTenant(t, s, "acme", "idle")
	addTenant(t, s, "beta", "solo")
	for _, user := range []string{"ada", "grace", "edsger", "alan", "donald", "radia"} {
		addUser(t, s, "acme", user, user)
		y.people = append(y.people, person{"acme", "load", user}, person{"acme", "idle", user})
	}
	for _, user := range []string{"barbara", "tony", "frances", "kurt", "emmy"} {
		addUser(t, s, "beta", user, user)
		y.people = append(y.people, person{"beta", "solo", user})
	}
	for _, p := range y.people {
		join(t, s, p.tenant, p.user, y.now)
	}
	for range stores {
		y.replicas = append(y.replicas, nil)
	}
	for i := range stores {
		y.start(i)
	}
	return y
}

func (y *year) start(i int) {
	s := y.stores[i]
	channel := newMail(y.t, notify.MailConfig{URL: y.mail.url(), Records: s})
	var outbox store.Outbox = s
	if y.trouble {
		outbox = &mortalOutbox{Outbox: s, year: y}
	}
	y.replicas[i] = &replica{&notify.Scheduler{Store: s}, notify.NewOutboxWorker(outbox, s, slog.New(slog.DiscardHandler), channel)}
}

func (y *year) run() {
	y.t.Helper()
	for end := noon.AddDate(1, 0, 0); y.now.Before(end); {
		for range y.random.IntN(3) {
			y.change()
		}
		y.look()
		hours := 6 * (1 + y.random.IntN(8))
		if y.random.IntN(8) == 0 {
			hours *= 6 // nobody looked for a while
		}
		y.now = y.now.Add(time.Duration(hours) * time.Hour)
	}
	y.compare()
}

// look lets every replica look at once, and then all send until the outbox is empty.
func (y *year) look() {
	y.t.Helper()
	now := y.now.Add(30 * time.Minute)
	y.model.look(now)
	y.all(func(r *replica) error { return r.scheduler.Tick(y.t.Context(), now) })
	for latest := now.Add(5 * time.Hour); ; {
		y.all(func(r *replica) error { return r.drain(y.t.Context(), now) })
		y.restartSome()
		left, oldest := backlog(y.t, y.stores[0])
		if left == 0 {
			return
		}
		if oldest.After(now) {
			now = oldest
		}
		if now.After(latest) {
			y.t.Fatalf("%d entries are still in the outbox hours later, the oldest due at %v", left, oldest)
		}
	}
}

func (r *replica) drain(ctx context.Context, now time.Time) error {
	for {
		taken, err := r.worker.Tick(ctx, now)
		if err != nil || taken == 0 {
			return err
		}
	}
}

// all runs the replicas side by side. One that dies is started again.
func (y *year) all(what func(*replica) error) {
	y.t.Helper()
	var group sync.WaitGroup
	dead := make([]bool, len(y.replicas))
	for i, r := range y.replicas {
		group.Go(func() {
			err := what(r)
			if dead[i] = errors.Is(err, errDied); err != nil && !dead[i] {
				y.t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range y.replicas {
		if dead[i] {
			y.start(i)
		}
	}
}

func (y *year) restartSome() {
	for i := range y.replicas {
		if y.trouble && y.chance(10, &y.restarts) {
			y.start(i)
		}
	}
}
