package chaos_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// killServers kills one server after the other, and starts each again at once.
func killServers(r *run) {
	for i := range 5 {
		s := r.servers[i%len(r.servers)]
		s.Kill()
		r.struck()
		s.Start()
		time.Sleep(1500*time.Millisecond + rand.N(500*time.Millisecond))
	}
}

// restartServers stops and starts one server after the other, as an upgrade does.
func restartServers(r *run) {
	for i, s := range r.servers {
		s.Stop(syscall.SIGTERM)
		s.Start()
		r.struck()
		e2etest.Eventually(r.t, fmt.Sprintf("server %d", i), s.Ready)
	}
}

// aheadFor is how long a server lives in the future.
const aheadFor = 12 * time.Second

// jumpClock sends one server ten minutes into the future and back. It answers by its clock there, so nobody asks it; but it must not spoil
// what all share. (--clock-offset is a clock on which all servers agree, so a jump beyond the life of keys is no fault of this kind.)
func jumpClock(r *run) {
	s := r.servers[1]
	r.avoided.Store(2)
	s.Stop(syscall.SIGTERM)
	s.Start("--clock-offset", "10m")
	time.Sleep(aheadFor)
	s.Stop(syscall.SIGTERM)
	s.Start()
	e2etest.Eventually(r.t, "the server back in the present", s.Ready)
	r.avoided.Store(0)
}

// fillDisk leaves no room beside the bolt file.
func fillDisk(r *run) {
	path := filepath.Join(r.dir, "filler")
	filler, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer filler.Close()
	if _, err := io.Copy(filler, endless{}); !errors.Is(err, syscall.ENOSPC) {
		r.t.Fatalf("filling the disk: %v", err)
	}
	time.Sleep(outage)
	if err := os.Remove(path); err != nil {
		r.t.Fatal(err)
	}
	if err := filler.Close(); err != nil {
		r.t.Fatal(err)
	}
}

// endless is a reader of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func greylist(r *run) {
	r.mail.disturb(func() error { return greylisted })
	time.Sleep(outage)
	r.mail.disturb(nil)
}

func hangMail(r *run) {
	r.mail.disturb(slow(outage))
	time.Sleep(outage)
	r.mail.disturb(nil)
}

// wait is for faults that are there from the start.
func wait(*run) { time.Sleep(outage) }

// deadWebhook is the address of a receiver that takes connections and never answers.
func deadWebhook(r *run) []string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = listener.Close() })
	return []string{
		"MINTKEY_WEBHOOK_URL=http://" + listener.Addr().String() + "/",
		"MINTKEY_WEBHOOK_SECRET=whsec_Y2hhb3Mtd2ViaG9vay1zZWNyZXQtMzItYnl0ZXMtbG8=",
	}
}

// stormers are how many connections a storm has.
const stormers = 32

// storm is another tenant that asks for tokens as fast as it can, half of the time with a wrong secret.
func storm(r *run) {
	a := r.clients[0].do(http.MethodPost, "/admin/v1/accounts/"+r.first.AccountID+"/tenants",
		map[string]any{"id": "storm", "name": "Storm", "release": "24.3"})
	if a.status != http.StatusCreated {
		r.t.Fatalf("the other tenant: %v", a)
	}
	user := r.model.members[0].id
	if a := r.clients[0].do(http.MethodPut, "/admin/v1/tenants/storm/members/"+user, map[string]any{"role": "member"}); a.status/100 != 2 {
		r.t.Fatalf("its member: %v", a)
	}
	var key e2etest.FirstKey
	a = r.clients[0].do(http.MethodPost, "/admin/v1/tenants/storm/keys", map[string]any{"user_id": user, "scopes": scopes})
	if a.status != http.StatusCreated || !a.decode(&key) {
		r.t.Fatalf("its key: %v", a)
	}
	end := time.Now().Add(outage)
	var storming sync.WaitGroup
	for i := range stormers {
		storming.Go(func() {
			secrets := []string{key.ClientSecret, "wrong"}
			for n := 0; time.Now().Before(end); n++ {
				r.clients[(i+n)%len(r.clients)].ask(key.ClientID, secrets[n%2])
			}
		})
	}
	storming.Wait()
}
