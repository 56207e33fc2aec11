package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/console/openid"
)

const (
	attemptLifetime = 15 * time.Minute // people may have to find their second factor
	// maxNext keeps the cookie within the 4096 bytes that browsers accept.
	maxNext = 1024
)

// attempt is a sign-in at the provider in progress. The browser keeps it in a cookie: anybody may begin as many as they like, and none
// takes room in the store. Only its own visitor could change it, and gains nothing by that: the provider checks the verifier, the ID token
// has the nonce, and the rest is checked again at the end.
type attempt struct {
	openid.Attempt

	Next    string    `json:"next"`
	Account string    `json:"account"`
	Begun   time.Time `json:"begun"`
}

// newAttempt leaves out what is too long to be of use.
func newAttempt(begun openid.Attempt, form signInForm, now time.Time) attempt {
	if len(form.Next) > maxNext {
		form.Next = homePath
	}
	if policy.CheckID(form.Account) != nil {
		form.Account = ""
	}
	return attempt{begun, form.Next, form.Account, now}
}

func (c *Console) keepAttempt(req *request, a attempt) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	c.setAttemptCookie(req, base64.RawURLEncoding.EncodeToString(text), int(attemptLifetime.Seconds()))
	return nil
}

// attempt returns the zero attempt, which no answer matches, where the browser has none that is still good.
func (c *Console) attempt(req *request) (a attempt) {
	name, _, _ := c.attemptCookie()
	cookie, err := req.Cookie(name)
	if err != nil {
		return attempt{}
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, &a) != nil || req.info.At.Sub(a.Begun) >= attemptLifetime {
		return attempt{}
	}
	return a
}

func (c *Console) forgetAttempt(req *request) { c.setAttemptCookie(req, "", -1) }

func (c *Console) setAttemptCookie(req *request, value string, maxAge int) {
	name, path, secure := c.attemptCookie()
	http.SetCookie(req.w, &http.Cookie{ //nolint:gosec // G124: it is Secure wherever browsers would take a Secure cookie
		Name: name, Value: value, Path: path, MaxAge: maxAge,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, // Lax: the provider's redirect comes from another site
	})
}

// attemptCookie returns the attributes of the cookie. With https, no other host of the domain can set it.
func (c *Console) attemptCookie() (name, path string, secure bool) {
	if strings.HasPrefix(c.URL, "https:") {
		return "__Host-mintkey-openid", "/", true
	}
	return "mintkey-openid", openIDPath, false
}
