package console

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"

	"mintkey/policy"
	"mintkey/server/limits"
)

// visitor is where a request comes from: its address, and the browser by the cookie that the last sign-in left there.
func (c *Console) visitor(v *visit) limits.Visitor {
	visitor := limits.Visitor{Address: v.about.Address, At: v.about.At}
	name, _, _ := c.deviceCookie()
	if cookie, err := v.Cookie(name); err == nil {
		visitor.Device = cookie.Value
	}
	return visitor
}

// rememberDevice lets the user sign in from here though strangers guess the password elsewhere. The cookie gets a new
// value at each sign-in, so that one that somebody planted in the browser is worth nothing. It opens nothing by itself.
func (c *Console) rememberDevice(v *visit, u policy.User) {
	device := rand.Text()
	if err := c.Limits.Remember(v.Context(), limits.KnownUser(u.AccountID, u.ID), c.visitor(v), device); err != nil {
		c.Log.WarnContext(v.Context(), "remembering a device failed", slog.String("request_id", v.about.ID), slog.Any("error", err))
		return
	}
	name, path, secure := c.deviceCookie()
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: device, Path: path, MaxAge: int(limits.KnownFor.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
}

// deviceCookie says how the cookie is set. With https no other host of the domain can set it.
func (c *Console) deviceCookie() (name, path string, secure bool) {
	if strings.HasPrefix(c.Issuer, "https:") {
		return "__Host-mintkey-device", "/", true
	}
	return "mintkey-device", "/console", false
}
