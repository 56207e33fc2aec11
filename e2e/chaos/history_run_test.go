package chaos_test

import (
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"mintkey/e2e/internal/e2etest"
)

// recorder writes down what is asked and answered, by user.
type recorder struct {
	*deployment
	start time.Time
	count atomic.Int64

	mu      sync.Mutex
	history map[string][]porcupine.Operation
	seen    map[string][]e2etest.FirstKey // what clients were told of, by user
}

const (
	historyUsers   = 6
	historyClients = 3  // for each user
	historyPace    = 25 // requests a second of each client
	// afterFailure is how long a client waits whose request failed: long enough for three or four doubtful requests in a failover.
	afterFailure = 1500 * time.Millisecond
)

// record lets clients compete for the keys of a few users until the fault is over and everything was quiet for a while.
func record(t *testing.T, d *deployment, before, after time.Duration, fault func()) *recorder {
	t.Helper()
	r := &recorder{deployment: d, start: time.Now(), history: map[string][]porcupine.Operation{}, seen: map[string][]e2etest.FirstKey{}}
	users := []string{"user0", "user1", "user2", "user3", "user4", "user5"}[:historyUsers]
	for _, user := range users {
		d.addMember(user)
	}
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for _, user := range users {
		for client := range historyClients {
			clients.Go(func() {
				for tick := time.NewTicker(time.Second / historyPace); ; {
					select {
					case <-stop:
						return
					case <-tick.C:
						r.request(client, user)
					}
				}
			})
		}
	}
	time.Sleep(before)
	fault()
	time.Sleep(after)
	close(stop)
	clients.Wait()
	return r
}

// request makes one and notes it. A client whose request failed waits, so that few of them are doubtful.
func (r *recorder) request(client int, user string) {
	in := input{user: user, verb: created, of: int(r.count.Add(1))}
	r.mu.Lock()
	if known := r.seen[user]; len(known) > 0 && rand.IntN(8) > 0 {
		key := known[max(0, len(known)-1-rand.IntN(4))] // seldom one of long ago
		in.verb = []verb{asked, asked, asked, refreshed, revoked}[rand.IntN(5)]
		in.id, in.secret = key.ClientID, key.ClientSecret
	}
	r.mu.Unlock()
	call := time.Since(r.start)
	a := r.send(in)
	r.note(client, in, a, call, time.Since(r.start))
	if a.unavailable() {
		time.Sleep(afterFailure)
	}
}

func (r *recorder) send(in input) answer {
	c := r.clients[rand.IntN(len(r.clients))]
	switch in.verb {
	case created:
		return c.do(http.MethodPost, r.keysPath(), map[string]any{"user_id": in.user, "scopes": scopes})
	case refreshed:
		return c.do(http.MethodPost, r.keysPath()+"/"+in.id+"/refresh", map[string]any{})
	case revoked:
		return c.do(http.MethodDelete, r.keysPath()+"/"+in.id, nil)
	default:
		_, a := c.ask(in.id, in.secret)
		return a
	}
}

// note writes an operation down. One whose outcome is not known has no end: it may take effect at any later time, or be undone.
func (r *recorder) note(client int, in input, a answer, call, end time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in.verb == asked && (a.unavailable() || a.status == http.StatusTooManyRequests) {
		return // it has changed nothing and said nothing
	}
	out := output{ok: a.status/100 == 2, doubtful: a.unknown()}
	var key e2etest.FirstKey
	if out.ok && in.verb != asked && in.verb != revoked && a.decode(&key) {
		out.id, out.secret = key.ClientID, key.ClientSecret
		r.seen[in.user] = append(r.seen[in.user], key)
	}
	returned := int64(end)
	if out.doubtful {
		returned = math.MaxInt64
		r.history[in.user] = append(r.history[in.user], porcupine.Operation{
			ClientId: client, Input: input{user: in.user, verb: undone, of: in.of}, Output: output{}, Call: int64(call), Return: returned,
		})
	}
	r.history[in.user] = append(r.history[in.user], porcupine.Operation{
		ClientId: client, Input: in, Output: out, Call: int64(call), Return: returned,
	})
}

// checkingLimit bounds the search for an order, which is exponential in the number of doubtful requests. It may give up on the histories
// of a few users.
const checkingLimit = 2 * time.Minute

func (r *recorder) check() {
	r.t.Helper()
	undecided := 0
	for user, history := range r.history {
		doubtful := 0
		for _, operation := range history {
			if operation.Return == math.MaxInt64 {
				doubtful++
			}
		}
		switch result := porcupine.CheckOperationsTimeout(keyModel(), history, checkingLimit); result {
		case porcupine.Ok:
			r.t.Logf("%s: %d operations, %d of them doubtful, are linearizable", user, len(history), doubtful)
		case porcupine.Unknown:
			undecided++
			r.t.Logf("%s: %d operations, %d of them doubtful: no answer within %s", user, len(history), doubtful, checkingLimit)
		default:
			r.t.Errorf("%s: %d operations, %d of them doubtful, are NOT linearizable", user, len(history), doubtful)
			for _, operation := range history {
				r.t.Logf("%d–%d %+v -> %+v", operation.Call, operation.Return, operation.Input, operation.Output)
			}
		}
	}
	if 2*undecided > len(r.history) {
		r.t.Errorf("of %d histories, %d were not decided", len(r.history), undecided)
	}
}
