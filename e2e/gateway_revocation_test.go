package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// A token whose access key was revoked is refused when docs/gateways/README.md says. The figures there are what this test logs:
// the time from the 204 to the first refusal.
func testRevocation(t *testing.T, s *site, gateways []*gateway) {
	keys := make([]accessKey, len(gateways))
	held := make([]string, len(gateways))
	for i := range gateways {
		keys[i] = s.client("revoked-" + string(rune('a'+i)))
		held[i] = s.admin.mustFetch(keys[i])
	}
	t.Run("revoke", func(t *testing.T) {
		for i, g := range gateways {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				if err := g.accepts(held[i]); err != nil {
					t.Fatal(err)
				}
				if a, err := s.admin.try(http.MethodDelete, s.keysPath()+"/"+keys[i].ClientID, nil); err != nil || a.status != http.StatusNoContent {
					t.Fatalf("revoking: %v %s", err, a)
				}
				revokedAt := time.Now()
				switch err := g.refuses(held[i]); {
				case g.learns == atExpiry:
					if err := g.accepts(held[i]); err != nil {
						t.Errorf("%v; how has it heard?", err)
					}
					return
				case g.learns == atOnce && err != nil:
					t.Errorf("the next request: %v", err)
				case g.learns == soon:
					e2etest.Eventually(t, "a refusal", func() error { return g.refuses(held[i]) })
				}
				t.Logf("refused %s after the 204", time.Since(revokedAt).Round(time.Millisecond))
			})
		}
	})
}
