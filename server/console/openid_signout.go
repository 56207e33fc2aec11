package console

import (
	"errors"
	"time"

	"mintkey/store"
	"mintkey/store/ephemeral"
)

const openIDSignOutPath = "/console/sign-out/oidc"

// leavingFor is how long somebody who has signed out here can sign out at the provider too.
const leavingFor = 15 * time.Minute

// leaving is kept for somebody who has signed out here and not at the provider.
type leaving struct {
	IDToken string    `json:"id_token"`
	Expires time.Time `json:"expires"`
}

// ExpiresAt implements ephemeral.Expiring.
func (l leaving) ExpiresAt() time.Time { return l.Expires }

func (c *Console) leavings() ephemeral.Links[leaving] {
	return ephemeral.Links[leaving]{Store: c.Store, Prefix: "leaving/"}
}

// sayGoodbye tells somebody whose session has ended so, on the page that follows. Who came through a provider that has a sign-out finds the
// link to it there: a redirect, which form-action of the Content-Security-Policy would forbid, would also sign them out of everything else
// without asking.
func (c *Console) sayGoodbye(req *request) error {
	ctx, idToken := req.Context(), req.began.idToken
	if idToken == "" || c.proofProvider(req.actor.User) == "" {
		c.flash(req, "You are signed out.")
		return nil
	}
	code := ephemeral.NewCode()
	c.sessions.Put(ctx, sessionLeaving, code)
	return c.leavings().Put(ctx, ephemeral.Digest(code), leaving{idToken, req.info.At.Add(leavingFor)})
}

// canLeave is the name of the provider at which the visitor can sign out too, or empty.
func (c *Console) canLeave(req *request) (string, error) {
	code := c.sessions.GetString(req.Context(), sessionLeaving)
	if code == "" || c.provider == nil {
		return "", nil
	}
	_, err := c.leavings().Get(req.Context(), ephemeral.Digest(code), req.info.At)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return c.OpenID.Name, err
}

// leaveProvider sends somebody who has signed out here to sign out at the provider, from where they come back to the sign-in page.
func (c *Console) leaveProvider(req *request) error {
	ctx := req.Context()
	left, err := c.leavings().Take(ctx, ephemeral.Digest(c.sessions.PopString(ctx, sessionLeaving)), req.info.At)
	if errors.Is(err, store.ErrNotFound) {
		return req.redirect(signInPath)
	}
	if err != nil {
		return err
	}
	state := ephemeral.NewCode()
	to, err := c.provider.SignOut(ctx, left.IDToken, c.URL+signInPath, state)
	if err != nil {
		return c.refuseOpenID(req, signInForm{Next: homePath}, err)
	}
	c.sessions.Put(ctx, sessionLeft, state)
	return req.redirect(to)
}

// back says so to somebody who comes back from the provider's sign-out. Another site that leads here can't make it say so.
func (c *Console) back(req *request) {
	ctx := req.Context()
	if state := c.sessions.GetString(ctx, sessionLeft); state != "" && state == req.URL.Query().Get("state") {
		c.sessions.Remove(ctx, sessionLeft)
		req.layout.Notice = "You are signed out, here and at " + c.OpenID.Name + "."
	}
}
