package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// The signing key rotates under constant traffic, and no good token is refused: none that the old key has signed, and none of the new
// one's. The replica that begins the rotation publishes a key for seconds instead of minutes before it signs; all else is as it always is.
func testRotation(t *testing.T, s *site, gateways []*gateway) {
	key := s.client("rotation")
	first := s.admin.mustFetch(key)
	requests := make([]*traffic, len(gateways))
	var running sync.WaitGroup
	stop := make(chan struct{})
	for i, g := range gateways {
		requests[i] = newTraffic(g, first)
		running.Go(func() { requests[i].run(stop) })
	}
	if err := s.ring.Rotate(t.Context(), time.Now(), false); err != nil {
		t.Fatal(err)
	}
	e2etest.Eventually(t, "two published signing keys", func() error {
		var published struct {
			Keys []any `json:"keys"`
		}
		s.admin.must(http.StatusOK, http.MethodGet, "/.well-known/jwks.json", nil, &published)
		if len(published.Keys) != 2 {
			return fmt.Errorf("there are %d", len(published.Keys))
		}
		return nil
	})
	for _, g := range gateways {
		if g.reload != nil {
			if err := g.reload(); err != nil {
				t.Error(err)
			}
		}
	}
	e2etest.Eventually(t, "tokens of the new signing key at every gateway", func() error {
		token := s.admin.mustFetch(key)
		if header(t, token)["kid"] == header(t, first)["kid"] {
			return fmt.Errorf("the old one still signs")
		}
		for _, r := range requests {
			r.newest.Store(&token)
			if r.accepted.Load() < 10 && r.refusals.Load() == 0 {
				return fmt.Errorf("%s has seen few", r.gateway.name)
			}
		}
		return nil
	})
	close(stop)
	running.Wait()
	for i, r := range requests {
		t.Run("rotate/"+gateways[i].name, func(t *testing.T) {
			if refusals := r.refusals.Load(); refusals > 0 {
				t.Errorf("%d refusals of good tokens; the last: %v", refusals, *r.last.Load())
			}
		})
	}
}

// traffic sends a gateway good tokens, old and new by turns.
type traffic struct {
	gateway  *gateway
	old      string
	newest   atomic.Pointer[string]
	accepted atomic.Int64 // requests with another token than the old one
	refusals atomic.Int64
	last     atomic.Pointer[error]
}

func newTraffic(g *gateway, token string) *traffic {
	r := &traffic{gateway: g, old: token}
	r.newest.Store(&token)
	return r
}

func (r *traffic) run(stop <-chan struct{}) {
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-stop:
			return
		case <-pace.C:
		}
		newest := *r.newest.Load()
		for _, token := range []string{r.old, newest} {
			err := r.gateway.accepts(token)
			switch {
			case err != nil:
				r.refusals.Add(1)
				r.last.Store(&err)
			case token != r.old:
				r.accepted.Add(1)
			}
		}
	}
}
