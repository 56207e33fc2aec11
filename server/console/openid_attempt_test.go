package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Anybody may begin a sign-in at the provider, so nothing of it is kept in the store.
func TestOpenIDStartsTakeNoRoom(t *testing.T) {
	h, _, _ := openIDHarness(t)
	kept := func() (keys int) {
		h.must(h.store.EachEphemeral(t.Context(), func(key string, _ []byte, _ time.Time) error {
			if strings.HasPrefix(key, "session/") {
				keys++
			}
			return nil
		}))
		return keys
	}
	before := kept()
	for range 50 {
		h.visitor().begin("?next=/console/account")
	}
	if after := kept(); after != before {
		t.Errorf("50 sign-ins that were begun left %d sessions", after-before)
	}
	// The cookie stays within what browsers accept, however long the way back is.
	v := h.visitor()
	v.get(openIDPath + "?account=" + strings.Repeat("a", 5_000) + "&next=/console/users?q=" + strings.Repeat("q", 5_000)).want(303)
	at, err := url.Parse(h.url + openIDPath)
	h.must(err)
	for _, c := range v.client.Jar.Cookies(at) {
		if len(c.Name)+len(c.Value) > 4_000 {
			t.Errorf("the cookie %s has %d bytes", c.Name, len(c.Value))
		}
	}
	// What is in the cookie is no sign-in, and no error of the server.
	v.client.Jar.SetCookies(at, []*http.Cookie{{Name: "mintkey-openid", Value: "bm9uc2Vuc2U", Path: openIDPath}})
	v.get(callbackPath + "?state=&code=x").want(403).says("This sign-in began in another browser")
}
