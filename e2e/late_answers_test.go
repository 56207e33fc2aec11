package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"mintkey/e2e/internal/e2etest"
)

var lateRevocations = flag.Int("revocations", 50, "how many keys TestNoTokenAfterARevocation revokes; make test-all revokes 1,000")

// delayed is a way to Redis on which each answer takes that many milliseconds, and up to jitter more or less. Some overtake others, on
// other connections.
func delayed(t *testing.T, redis *redisServer, latency, jitter int) (url string) {
	t.Helper()
	toxi := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(toxi, "redis", "127.0.0.1:0", redis.address)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	toxic := fmt.Sprintf(`{"type":"latency","stream":"downstream","attributes":{"latency":%d,"jitter":%d}}`, latency, jitter)
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(redis.url(), redis.address, proxy.Listen, 1)
}

// replicaOf starts a replica and waits until changes are confirmed by it.
func replicaOf(t *testing.T, master *redisServer) *redisServer {
	t.Helper()
	replica := startRedis(t)
	err := errors.Join(master.command("CONFIG SET repl-diskless-sync-delay 0", "+OK"),
		replica.command("REPLICAOF "+strings.ReplaceAll(master.address, ":", " "), "+OK"))
	if err != nil {
		t.Fatal(err)
	}
	const inStep = `EVAL "return redis.call('INFO', 'replication'):find('state=online,offset=[1-9]') and 1" 0`
	e2etest.Eventually(t, "the replica is in step", func() error { return master.command(inStep, ":1") })
	return replica
}

// pauseAtTimes stops the process for half a second every two seconds.
func pauseAtTimes(p *e2etest.Process, over <-chan struct{}) {
	for {
		for _, next := range []struct {
			signal syscall.Signal
			after  time.Duration
		}{{syscall.SIGSTOP, 2 * time.Second}, {syscall.SIGCONT, 500 * time.Millisecond}} {
			select {
			case <-over:
				p.Signal(syscall.SIGCONT)
				return
			case <-time.After(next.after):
				p.Signal(next.signal)
			}
		}
	}
}

// revocable is the access key of one member, for which the traffic asks all the time.
type revocable struct {
	accessKey
	revoked atomic.Bool     // acknowledged
	issued  [3]atomic.Int64 // tokens, by server
}

// Three servers are asked for tokens all the time, while keys are revoked through one of them. The answers of Redis to the other two come
// late, and the replica that confirms a revocation is paused at times. From its 204 on there is not one token for a key.
func TestNoTokenAfterARevocation(t *testing.T) {
	d := &deployment{t: t, program: mintkey, redis: startRedis(t)}
	d.env = []string{"MINTKEY_STORE=" + d.redis.url(), "MINTKEY_SIGNING_KEYS_ENCRYPTION_KEY=" + encryptionKey}
	d.first = e2etest.Init(t, mintkey, "load-tests", d.env...)
	replica := replicaOf(t, d.redis)
	for i, latency := range []int{0, 30, 50} {
		d.addServer(i)
		if latency > 0 {
			d.servers[i].Env = slices.Concat(d.env, []string{"MINTKEY_STORE=" + delayed(t, d.redis, latency, latency*2/3)}) // the last counts
		}
		d.servers[i].Start()
	}
	for _, s := range d.servers {
		s.AwaitReady()
	}
	d.admin = d.signIn(d.first.AccessKey, d.servers[0])

	const revokers = 12
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	ask := func(s *e2etest.Server, key *revocable) (issued bool) {
		was := key.revoked.Load()
		token, a, err := (&caller{t: t, base: s.URL, client: &http.Client{Transport: transport, Timeout: e2etest.Patience}}).fetch(key.accessKey)
		switch {
		case err != nil:
			t.Errorf("%s: %v", s.Name, err)
		case was && (a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests || token != ""):
			t.Errorf("%s answers for a key that was revoked before: %d", s.Name, a.status)
		}
		return a.status == http.StatusOK
	}
	var keys [revokers]atomic.Pointer[revocable]
	for i := range keys {
		d.addMember(fmt.Sprint("member", i))
		keys[i].Store(&revocable{accessKey: d.newKey(fmt.Sprint("member", i))})
	}
	var tokens atomic.Int64
	stop := make(chan struct{})
	var traffic, revoking sync.WaitGroup
	for from, s := range d.servers {
		for i := range keys {
			traffic.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if key := keys[i].Load(); key.revoked.Load() {
						time.Sleep(time.Millisecond) // there are enough refusals, which are slowed down after a while
					} else if ask(s, key) {
						key.issued[from].Add(1)
						tokens.Add(1)
					}
				}
			})
		}
	}
	traffic.Go(func() { pauseAtTimes(replica.Process, stop) })
	var left, revoked, repeated atomic.Int64
	left.Store(int64(*lateRevocations))
	for i := range keys {
		revoking.Go(func() {
			for left.Add(-1) >= 0 && !t.Failed() {
				key := keys[i].Load()
				e2etest.Eventually(t, "each server issues tokens", func() error {
					for from := range key.issued {
						if key.issued[from].Load() < 2 {
							return fmt.Errorf("server%d does not", from)
						}
					}
					return nil
				})
				repeated.Add(d.untilConfirmed(http.StatusNoContent, http.MethodDelete, d.keysPath()+"/"+key.ClientID, nil, nil))
				key.revoked.Store(true)
				revoked.Add(1)
				for _, s := range d.servers {
					traffic.Go(func() { ask(s, key) })
				}
				next := &revocable{}
				d.untilConfirmed(http.StatusCreated, http.MethodPost, d.keysPath(), createBody(fmt.Sprint("member", i)), &next.accessKey)
				keys[i].Store(next)
			}
		})
	}
	revoking.Wait()
	close(stop)
	traffic.Wait()
	t.Logf("%d tokens; %d keys revoked, of which %d requests were not confirmed at first", tokens.Load(), revoked.Load(), repeated.Load())
}

// untilConfirmed repeats a request while no replica confirms it, and says how often.
func (d *deployment) untilConfirmed(status int, method, path string, body, result any) (repeated int64) {
	for {
		a, err := d.admin.try(method, path, body)
		switch {
		case err == nil && a.status == status:
			if result != nil {
				*result.(*accessKey) = decode[accessKey](d.t, a.body)
			}
			return repeated
		case err != nil || a.status != http.StatusServiceUnavailable:
			d.t.Errorf("%s %s: %v %s; want %d", method, path, err, a, status)
			return repeated
		}
		repeated++
	}
}
