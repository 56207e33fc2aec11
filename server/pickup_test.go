package server_test

import (
	"strings"
	"testing"
	"time"
)

// A key for pick-up has no secret yet, so no secret works for it (R26).
func TestKeyForPickUp(t *testing.T) {
	onEachStore(t, func(w *world) {
		a := w.post(w.tom, forgeKeys, `{"user_id":"mia","pick_up":true}`).want(201)
		if a.peek("client_secret") != "" || strings.Contains(a.body, "mks_") {
			w.Errorf("the answer has a secret: %s", a.body)
		}
		if url := a.field("pick_up_url"); !strings.HasPrefix(url, issuer+"/console/pick-up/") {
			w.Errorf("the link is %s", url)
		}
		if ends, err := time.Parse(time.RFC3339, a.field("pick_up_expires_at")); err != nil || !ends.Equal(start.Add(72*time.Hour)) {
			w.Errorf("the link ends at %v (%v)", ends, err)
		}
		waiting := w.mia
		waiting.clientID = a.field("client_id")
		for _, secret := range []string{"", "mks_", strings.Repeat("0", 64)} {
			waiting.secret = secret
			if got := w.exchange(waiting); got.status != 401 && got.status != 400 {
				w.Errorf("the secret %q opens it: %d", secret, got.status)
			}
		}
		w.get(w.tom, forgeKeys+"/"+waiting.clientID).want(200)
	})
}
