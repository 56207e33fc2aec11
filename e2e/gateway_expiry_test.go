package e2e_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
	"mintkey/tokens"
)

// A token that a gateway has accepted, and may have in a cache, is refused when its time is over.
func testExpiry(t *testing.T, s *site, gateways []*gateway) {
	original := s.admin.mustFetch(s.client("expiry"))
	var token string
	for life := 3 * time.Second; ; life *= 2 { // longer where the machine is slow
		soonOver := time.Now().Add(life)
		token = s.sign(original, tokens.TypeAccessToken, map[string]any{"exp": soonOver.Unix()})
		var refused error
		for _, g := range gateways {
			refused = errors.Join(refused, g.accepts(token))
		}
		if refused == nil {
			break
		}
		if time.Now().Before(soonOver.Truncate(time.Second)) {
			t.Fatal(refused)
		}
	}
	for _, g := range gateways {
		t.Run("expire/"+g.name, func(t *testing.T) {
			e2etest.Eventually(t, "the end of a token", func() error { return g.refuses(token) })
		})
	}
}
