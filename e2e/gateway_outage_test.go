package e2e_test

import (
	"testing"
)

// While the issuer is away, the gateways that judge tokens themselves go on, and the others let nobody in. All work again when it is back.
func testOutage(t *testing.T, s *site, gateways []*gateway) {
	token := s.admin.mustFetch(s.client("outage"))
	for _, g := range gateways {
		if err := g.accepts(token); err != nil {
			t.Error(err)
		}
	}
	s.servers[0].Kill()
	for _, g := range gateways {
		t.Run("outage/"+g.name, func(t *testing.T) {
			switch err := g.accepts(token); {
			case g.offline && err != nil:
				t.Error(err)
			case !g.offline && err == nil:
				t.Error("it lets a token in that nobody has judged")
			case !g.offline:
				t.Log(err)
			}
		})
	}
	s.servers[0].Start()
	s.servers[0].AwaitReady()
	for _, g := range gateways {
		if err := g.accepts(token); err != nil {
			t.Errorf("with the issuer back: %v", err)
		}
	}
}
