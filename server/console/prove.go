package console

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/limits"
)

// provenFor is how long a visitor who has proved who they are may change what matters without being asked again: whoever finds an unlocked
// computer has a session, but neither a password nor a passkey.
const provenFor = 15 * time.Minute

const provePath = "/console/prove"

// The fields of the proof page: the visitor's own password, or that the answer of a passkey follows.
const (
	proofPassword = proofPrefix + "_password"
	proofPasskey  = proofPrefix + "_passkey"
)

// errNotProved asks for another proof; errWrongProof refuses the one that was given.
var (
	errNotProved  = errors.New("the visitor’s last proof of who they are is too old")
	errWrongProof = errors.New("wrong password")
)

type provePage struct {
	Draft    string // code of the form that waits; empty if none does
	Path     string // to which it goes
	Password bool   // the visitor has a password that counts
	OpenID   string // name of the provider, if the visitor can prove it there
	Passkey  *ceremonyForm
	Fresh    bool // proved meanwhile: the form only has to be sent
	Problem  string
}

// fresh wraps a handler of what matters: keys, roles, addresses, passwords, the policy. If the visitor's last proof is too old, their form
// waits as a draft, and the page that asks for a proof sends it on, to the same path. Of many such requests one takes the draft.
func (c *Console) fresh(handle handler) handler {
	return func(req *request) error {
		code := req.PostForm.Get(draftField)
		switch err := c.prove(req); {
		case errors.Is(err, errNotProved) && code == "":
			return c.keepAndAsk(req)
		case errors.Is(err, errNotProved), errors.Is(err, errWrongProof),
			errors.Is(err, errWrongPasskey), errors.Is(err, policy.ErrPasskeyCopied):
			return c.askProof(req, code, err)
		case err != nil:
			return err
		case code == "":
			return handle(req)
		}
		d, err := c.draft(req, code, req.actor.User.ID, req.URL.Path)
		if err == nil && d.Partial {
			return req.redirect(req.URL.Path + "?" + draftField + "=" + code)
		}
		if err == nil {
			d, err = c.takeDraft(req, code, req.actor.User.ID, req.URL.Path)
		}
		if err != nil {
			return err
		}
		req.PostForm, req.Form = d.Fields, d.Fields
		return handle(req)
	}
}

// prove returns nil if the visitor has proved who they are lately, or does so with this request.
func (c *Console) prove(req *request) error {
	if given := req.PostForm.Get(proofPassword); given != "" {
		return c.proveByPassword(req, given)
	}
	if req.PostForm.Get(proofPasskey) != "" {
		_, err := c.proveByPasskey(req, ceremonyProof, policy.MethodPasskey, req.actor.User)
		if err != nil {
			return err
		}
		return c.proved(req, policy.MethodPasskey)
	}
	if req.info.At.Sub(c.provedAt(req.Context())) < provenFor {
		return nil
	}
	return errNotProved
}

func (c *Console) provedAt(ctx context.Context) time.Time {
	return time.Unix(0, c.sessions.GetInt64(ctx, sessionProved))
}

// proved notes that the visitor has just proved who they are, and renews the token: one that was stolen before is worth nothing.
func (c *Console) proved(req *request, method string) error {
	if err := c.sessions.RenewToken(req.Context()); err != nil {
		return err
	}
	c.sessions.Put(req.Context(), sessionProved, req.info.At.UnixNano())
	c.Log.InfoContext(req.Context(), "proved again", append(aboutPerson(req.actor), slog.String("method", method))...)
	return nil
}

// proveByPassword spends the same budgets as a sign-in, and a wrong password leaves the same trail.
func (c *Console) proveByPassword(req *request, password string) error {
	user := req.actor.User
	if !c.hasPassword(user) {
		return errWrongProof
	}
	if err := c.checkOwnPassword(req, password); err != nil {
		return err
	}
	return c.proved(req, policy.MethodPassword)
}

// checkOwnPassword returns errWrongProof unless the password is the visitor's. It reserves before it hashes (R23).
func (c *Console) checkOwnPassword(req *request, password string) error {
	ctx, user := req.Context(), req.actor.User
	reserved, err := c.Limits.Reserve(ctx, limits.Password([]limits.User{limits.KnownUser(user.AccountID, user.ID)}, c.visitor(req)))
	if err != nil {
		c.refused(req, policy.MethodPassword, policy.SignInTooMany, user)
		return err
	}
	fits, err := c.Hasher.Verify(ctx, user.PasswordHash, password)
	if fits || errors.Is(err, passwords.ErrBusy) {
		reserved.Refund(ctx)
	}
	if err != nil {
		return err
	}
	if fits { // and is not one that was replaced meanwhile
		now, err := c.Store.User(ctx, user.AccountID, user.ID)
		if err != nil {
			return err
		}
		fits = now.SignInState() == user.SignInState()
	}
	if !fits {
		c.refused(req, policy.MethodPassword, policy.SignInWrongPassword, user)
		return errWrongProof
	}
	return nil
}

// hasPassword says whether the user's password counts here.
func (c *Console) hasPassword(u policy.User) bool { return u.PasswordHash != "" && !c.OpenID.Only }

// keepAndAsk keeps the form that was sent and asks for a proof.
func (c *Console) keepAndAsk(req *request) error {
	code, d, err := c.keepDraft(req, req.actor.User)
	if err != nil {
		return err
	}
	if req.Header.Get("HX-Request") != "" {
		return req.redirect(provePath + "?" + draftField + "=" + code)
	}
	return c.showProve(req, code, d.Path, errNotProved)
}

// askProof asks for another proof for the same draft.
func (c *Console) askProof(req *request, code string, cause error) error {
	if code != "" {
		if _, err := c.draft(req, code, req.actor.User.ID, req.URL.Path); err != nil {
			return err
		}
	}
	return c.showProve(req, code, req.URL.Path, cause)
}

// provePage asks for the proof that the draft in the query waits for; or, once the visitor comes back from the provider with one, offers to
// go on.
func (c *Console) provePage(req *request) error {
	code := req.URL.Query().Get(draftField)
	d, err := c.draft(req, code, req.actor.User.ID, "")
	if err != nil {
		return err
	}
	return c.showProve(req, code, d.Path, c.prove(req))
}

func (c *Console) showProve(req *request, code, path string, cause error) error {
	page := provePage{
		Draft: code, Path: path, Password: c.hasPassword(req.actor.User), OpenID: c.proofProvider(req.actor.User), Fresh: cause == nil,
	}
	const title = "Is it you?"
	if cause == nil {
		return c.show(req, "prove", title, page)
	}
	if user := req.actor.User; c.passkeys != nil && user.HasSecondFactor() {
		asked, err := c.askForPasskey(req, ceremonyProof, user)
		if err != nil {
			return err
		}
		page.Passkey = &asked
	}
	if !errors.Is(cause, errNotProved) {
		page.Problem = explain(cause).text
	}
	return c.showStatus(req, cause, "prove", title, page)
}
