package server_test

import "testing"

// A token that is revoked again and again, is one row of the log, which every server keeps in
// memory and every stream sends.
func TestATokenIsRevokedOnce(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.withPassword("pia", "mill")
		byPassword := w.postForm(login("mill", "pia", password)).want(200).field("access_token")
		token := w.tokenOf(w.mia, "")
		for range 3 {
			for _, each := range []string{token, byPassword} {
				w.sendForm(w.mia, "/oauth2/revoke", form{"token": {each}}).want(200)
			}
			w.serve() // another server on the same store
		}
		if rows := w.logged(); len(rows) != 2 {
			w.Errorf("the log has %d rows for two tokens", len(rows))
		}
	})
}
