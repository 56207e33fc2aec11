package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// load is how much is asked for while things break.
type load struct{ tokens, writes int } // a second

func (l load) String() string { return fmt.Sprintf("%d tokens/s, %d writes/s", l.tokens, l.writes) }

// run is a row while it runs.
type run struct {
	t *testing.T
	*deployment
	*tally
	row     row
	load    load
	model   *model
	probes  probes
	mail    *mailServer
	watch   []*gateway
	from    time.Time    // what recovery is measured from
	rewound bool         // the store has gone back to an older state
	avoided atomic.Int64 // the server that nobody speaks to, plus one

	pause   sync.RWMutex // held for writing, it stops the load between two requests
	workers sync.WaitGroup
	stop    context.CancelFunc
	given   context.Context // ends when writers must give up looking what became of their changes
	giveUp  context.CancelFunc

	indexMu sync.Mutex
	indexes map[string]string // whose secret a status index stands for
}

const (
	members = 24
	askers  = 8
	writers = 8
)

// begin makes the members, with a key each, and starts the load.
func (r *run) begin() {
	r.t.Helper()
	for i := range members {
		m := &member{id: fmt.Sprintf("user%d", i), role: "member"}
		r.addMember(m.id)
		r.model.members = append(r.model.members, m)
		id, secret, a := r.create(r.clients[0], m)
		if a.status != http.StatusCreated {
			r.t.Fatalf("a key for %s: %v", m.id, a)
		}
		r.model.add(m, id, secret)
	}
	r.addMember(canary)
	r.startGateways()
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.given, r.giveUp = context.WithCancel(context.Background())
	r.t.Cleanup(func() { stop(); r.giveUp(); r.workers.Wait() })
	for range askers {
		r.work(ctx, r.load.tokens, askers, func() { r.askOnce() })
	}
	for i := range writers {
		own := membersOf(r.model.members, i)
		r.work(ctx, r.load.writes, writers, func() { r.writeOnce(own[rand.IntN(len(own))]) })
	}
	r.startProbes(ctx)
}

// membersOf are those of one writer.
func membersOf(all []*member, writer int) []*member {
	var own []*member
	for i := writer; i < len(all); i += writers {
		own = append(own, all[i])
	}
	return own
}

// work repeats a task so often that all workers together do it perSecond times, until ctx ends.
func (r *run) work(ctx context.Context, perSecond, workers int, task func()) {
	if perSecond == 0 {
		return
	}
	r.workers.Go(func() {
		tick := time.NewTicker(time.Duration(workers) * time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			r.pause.RLock()
			task()
			r.pause.RUnlock()
		}
	})
}

// finish stops the load. Changes whose end is not known are looked after a little longer.
func (r *run) finish() {
	r.t.Helper()
	timer := time.AfterFunc(e2etest.Patience, func() {
		r.giveUp()
		r.t.Errorf("changes are still without an answer %s after the load", e2etest.Patience)
	})
	defer timer.Stop()
	r.stop()
	r.workers.Wait()
}

// anyClient chooses a server.
func (r *run) anyClient() *client {
	for {
		if i := rand.IntN(len(r.clients)); int64(i+1) != r.avoided.Load() {
			return r.clients[i]
		}
	}
}

// askOnce asks for a token and judges the answer, unless the key was being changed meanwhile.
func (r *run) askOnce() {
	k := r.model.any()
	if k == nil {
		return
	}
	seen := k.look()
	if seen.state == unknown || seen.state == gone {
		return
	}
	token, a := r.anyClient().ask(k.id, seen.secret)
	r.requests.Add(1)
	switch {
	case a.unavailable():
		r.unavailable.Add(1)
	case !k.unchanged(seen):
	case seen.state == live && a.status != http.StatusOK:
		r.note(&r.wrong, "a token for %s, which is good: %v", k.id, a)
	case seen.state == live:
		k.hold(token, seen)
		r.checkIndex(k.id+seen.secret, token)
	case a.status == http.StatusOK:
		r.note(&r.wrong, "a token for %s, whose revoke was acknowledged", k.id)
	}
}

// checkIndex holds that a status index stands for one secret (decision 7).
func (r *run) checkIndex(secret, token string) {
	claims, err := claimsOf(token)
	if err != nil {
		r.note(&r.wrong, "%v", err)
		return
	}
	index := fmt.Sprintf("%s#%d", claims.Status.List.URI, claims.Status.List.Index)
	r.indexMu.Lock()
	defer r.indexMu.Unlock()
	if other, used := r.indexes[index]; used && other != secret {
		r.note(&r.wrong, "the status index %s is given out twice", index)
	}
	r.indexes[index] = secret
}

// judgeChange notes what a change of something that exists must not be answered with. It returns whether the answer is the end of it.
func (r *run) judgeChange(what string, a answer) (ended bool) {
	r.requests.Add(1)
	switch {
	case a.unavailable():
		r.unavailable.Add(1)
		return false
	case a.unknown():
		return false
	case a.status/100 != 2:
		r.note(&r.wrong, "%s: %v", what, a)
	}
	return true
}

// pauseBetween is between two tries of a change whose end is not known.
const pauseBetween = 100 * time.Millisecond

// again waits a little. It returns false once nobody may try again.
func (r *run) again() bool {
	select {
	case <-r.given.Done():
		return false
	case <-time.After(pauseBetween):
		return true
	}
}

// scopes of the keys: what every member may have.
var scopes = []string{"api"}

// create makes a key, and returns it if the answer has one.
func (r *run) create(c *client, m *member) (id, secret string, a answer) {
	a = c.do(http.MethodPost, r.keysPath(), map[string]any{"user_id": m.id, "scopes": scopes})
	var body e2etest.FirstKey
	if a.status == http.StatusCreated && !a.decode(&body) {
		a.err = fmt.Errorf("not a key: %s", a.body)
	}
	return body.ClientID, body.ClientSecret, a
}

// keyView is an access key as the administration API lists it.
type keyView struct {
	ClientID string `json:"client_id"`
	UserID   string `json:"user_id"`
}

// strangers are keys of the member that the model does not know.
func (r *run) strangers(c *client, m *member) ([]string, error) {
	listed, err := list[keyView](c, r.keysPath()) // filters are another test's business
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(r.model.all(), func(k *key) bool { return !slices.Contains(m.own, k) && k.look().state != dead })
	var found []string
	for _, view := range listed {
		isKnown := slices.ContainsFunc(known, func(k *key) bool { return k.id == view.ClientID })
		if view.UserID == m.id && !isKnown {
			found = append(found, view.ClientID)
		}
	}
	return found, nil
}

// isLimit says that a member has two keys already.
func isLimit(a answer) bool {
	return a.status == http.StatusConflict && strings.Contains(string(a.body), "key_limit_reached")
}
