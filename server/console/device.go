package console

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"

	"mintkey/policy"
	"mintkey/server/limits"
)

// visitor identifies the origin of a request for the limits: its address, and the device cookie that the last sign-in set.
func (c *Console) visitor(req *request) limits.Visitor {
	visitor := limits.Visitor{Address: req.info.Address, At: req.info.At}
	name, _, _ := c.deviceCookie()
	if cookie, err := req.Cookie(name); err == nil {
		visitor.Device = cookie.Value
	}
	return visitor
}

// rememberDevice lets the user go on signing in from this browser while somebody else guesses the password from another. The cookie gets
// a new value at each sign-in, so a value planted in the browser is useless. It grants no access by itself.
func (c *Console) rememberDevice(req *request, u policy.User) {
	device := rand.Text()
	if err := c.Limits.Remember(req.Context(), limits.KnownUser(u.AccountID, u.ID), c.visitor(req), device); err != nil {
		c.Log.WarnContext(req.Context(), "remembering a device failed", slog.String("request_id", req.info.ID), slog.Any("error", err))
		return
	}
	name, path, secure := c.deviceCookie()
	http.SetCookie(req.w, &http.Cookie{ //nolint:gosec // G124: it is Secure wherever browsers would take a Secure cookie
		Name: name, Value: device, Path: path, MaxAge: int(limits.KnownFor.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
}

// newHere says whether the user has not signed in from this browser lately, and is not told of too many such sign-ins already.
func (c *Console) newHere(req *request, u policy.User) bool {
	user := limits.KnownUser(u.AccountID, u.ID)
	if u.Notifications.NoNewBrowser || c.Limits.KnowsDevice(req.Context(), user, c.visitor(req)) {
		return false
	}
	_, err := c.Limits.Reserve(req.Context(), limits.NewBrowser(user))
	return err == nil
}

// deviceCookie returns the attributes of the cookie. With https, no other host of the domain can set it.
func (c *Console) deviceCookie() (name, path string, secure bool) {
	if strings.HasPrefix(c.URL, "https:") {
		return "__Host-mintkey-device", "/", true
	}
	return "mintkey-device", "/console", false
}
