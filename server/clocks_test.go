package server_test

import (
	"testing"
	"time"
)

// The clocks of two servers differ. What one that is ahead has issued ends when another one ends it (R8, R27).
func TestTokensOfAServerThatIsAheadEnd(t *testing.T) {
	const path, ahead = acmeUsers + "/pia", 3 * time.Second
	for name, end := range map[string]string{"disabled": `{"disabled":true}`, "password changed": `{"password":"another horse battery"}`} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(w *world) {
				p := w.withPassword("pia", "mill")
				w.clock.advance(ahead)
				tokens := []string{w.postForm(login("mill", "pia", password)).want(200).field("access_token")}
				if name == "disabled" {
					tokens = append(tokens, w.tokenOf(w.makeKey(w.max, p, "api"), "api"))
				}
				w.clock.advance(-ahead)
				w.patch(w.ada, path, end).want(200)
				w.clock.advance(2 * ahead)
				for _, token := range tokens {
					w.wantDead(name, token)
				}
				if name == "disabled" {
					w.patch(w.ada, path, `{"disabled":false}`).want(200)
					w.wantDead("enabled", tokens[0])
					w.wantDead("enabled", tokens[1])
				}
			})
		})
	}
}
