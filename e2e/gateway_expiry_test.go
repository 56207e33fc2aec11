package e2e_test

import (
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
	"mintkey/tokens"
)

// A token that a gateway has accepted, and may have in a cache, is refused when its time is over.
func testExpiry(t *testing.T, s *site, gateways []*gateway) {
	soonOver := time.Now().Add(3 * time.Second).Unix()
	token := s.sign(s.admin.mustFetch(s.client("expiry")), tokens.TypeAccessToken, map[string]any{"exp": soonOver})
	for _, g := range gateways {
		if err := g.accepts(token); err != nil {
			t.Error(err)
		}
	}
	for _, g := range gateways {
		t.Run("expire/"+g.name, func(t *testing.T) {
			e2etest.Eventually(t, "the end of a token", func() error { return g.refuses(token) })
		})
	}
}
