package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// A server and its store die by kill -9 between requests and in the middle of them. What was acknowledged holds, what was not is whole
// or absent, and the audit trail has one record for each change that happened and none for those that did not.
//
// Run one seed again with MINTKEY_E2E_SEED; more rounds with MINTKEY_E2E_ROUNDS.
func TestKillNine(t *testing.T) {
	seed := number(t, "MINTKEY_E2E_SEED", uint64(time.Now().UnixNano()))
	rounds := number(t, "MINTKEY_E2E_ROUNDS", 40)
	for _, store := range []string{"bolt", "redis"} {
		t.Run(store, func(t *testing.T) {
			t.Logf("MINTKEY_E2E_SEED=%d", seed)
			run := newCrashRun(t, deploy(t, store, 1), rand.New(rand.NewPCG(seed, 0)))
			for round := range int(rounds) {
				run.round(round)
				if t.Failed() {
					return
				}
			}
			run.checkAudit()
			t.Logf("%d changes acknowledged; of those cut off, %d happened and %d did not", run.acknowledged, run.whole, run.absent)
		})
	}
}

// crashRun drives one deployment through crashes, beside a model of what it must hold.
type crashRun struct {
	t      *testing.T
	d      *deployment
	random *rand.Rand
	model  *model

	acknowledged, whole, absent int
}

var crashOwners = []string{"owner-0", "owner-1", "owner-2"}

func newCrashRun(t *testing.T, d *deployment, random *rand.Rand) *crashRun {
	t.Helper()
	for _, owner := range crashOwners {
		d.addMember(owner)
	}
	return &crashRun{t: t, d: d, random: random, model: newModel(d.first.AccessKey)}
}

// round makes a few changes, kills while one more is under way or while none is, starts again, and looks.
func (r *crashRun) round(round int) {
	for range r.random.IntN(6) {
		r.acknowledge(r.model.next(r.random))
	}
	victims, cut := r.victims(), r.random.IntN(4) > 0
	what := fmt.Sprintf("round %d: kill -9 %s", round, victims[0].Name)
	var change *change
	if cut {
		change = r.model.next(r.random)
		what += fmt.Sprintf(" (%d in all) during %s", len(victims), change)
	}
	r.t.Log(what)

	outcome := make(chan attempt, 1)
	if cut {
		go func() { outcome <- change.attempt(r.d) }()
		time.Sleep(time.Duration(r.random.IntN(3000)) * time.Microsecond) // where in the change it hits is the dice's choice
	}
	for _, victim := range victims {
		victim.Kill()
	}
	r.restart()
	if cut {
		r.settle(change, <-outcome)
	}
	r.model.check(r.t, r.d)
}

// victims are the server, on Redis sometimes the store alone, sometimes both.
func (r *crashRun) victims() []*e2etest.Process {
	server := r.d.servers[0].Process
	if r.d.redis == nil {
		return []*e2etest.Process{server}
	}
	store := r.d.redis.Process
	return [][]*e2etest.Process{{server}, {server}, {store}, {store, server}, {server, store}}[r.random.IntN(5)]
}

func (r *crashRun) restart() {
	if redis := r.d.redis; redis != nil && redis.Running == nil {
		redis.Start()
	}
	if s := r.d.servers[0]; s.Running == nil {
		s.Start()
	}
	r.d.servers[0].AwaitReady()
}

// acknowledge makes a change that nothing disturbs.
func (r *crashRun) acknowledge(c *change) {
	r.t.Helper()
	result := c.attempt(r.d)
	if !result.acknowledged {
		r.t.Fatalf("%s: %v", c, result)
	}
	r.acknowledged++
	r.model.apply(c, result.key)
}

// settle finds out what became of a change that was under way when the servers died.
func (r *crashRun) settle(c *change, result attempt) {
	r.t.Helper()
	switch {
	case result.acknowledged:
		r.acknowledged++
		r.model.apply(c, result.key)
	case result.refused:
		r.t.Errorf("%s was refused: %v", c, result)
	case r.happened(c):
		r.whole++
	default:
		r.absent++
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}
