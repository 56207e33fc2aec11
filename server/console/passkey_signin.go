package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mintkey/policy"
	"mintkey/server/console/passkeys"
	"mintkey/store"
)

const (
	passkeyPath        = "/console/sign-in/passkey"
	passkeyOptionsPath = passkeyPath + "/options"
	secondFactorPath   = "/console/sign-in/second-factor"
	ownPasskeysPath    = "/console/account/passkeys"
	newPasskeyPath     = ownPasskeysPath + "/new"
	recoveryCodesPath  = "/console/account/recovery-codes"
	factorRulePath     = "/console/security/second-factor"
)

// passkeyRoutes lists the pages of passkeys and second factors. Those of early can be seen by people who have yet to make the second factor
// that their account requires.
func (c *Console) passkeyRoutes(open func(string, handler), page, fresh func(pattern, anyOf string, h handler), early func(string, handler),
) {
	if c.passkeys != nil {
		open("POST "+passkeyOptionsPath, c.passkeyOptions)
		open("POST "+passkeyPath, c.signInByPasskey)
	}
	open("GET "+secondFactorPath, c.secondFactorPage)
	open("POST "+secondFactorPath, c.secondFactor)
	early("GET "+newPasskeyPath, c.newPasskeyPage)
	early("POST "+newPasskeyPath, c.fresh(c.addPasskey))
	page("GET "+ownPasskeysPath+"/{passkey}/remove", "", c.removePasskeyPage)
	fresh("POST "+ownPasskeysPath+"/{passkey}/remove", "", c.removePasskey)
	page("GET "+recoveryCodesPath, "", c.recoveryCodesPage)
	fresh("POST "+recoveryCodesPath, "", c.newRecoveryCodes)
	page("GET "+factorRulePath, policy.ScopePolicyWrite, c.factorRulePage)
	fresh("POST "+factorRulePath, policy.ScopePolicyWrite, c.setFactorRule)
}

// passkeyOptions begins a sign-in by passkey. The script of the sign-in page calls it.
func (c *Console) passkeyOptions(req *request) error {
	form, err := c.beginCeremony(req, ceremonySignIn, policy.User{}, c.passkeys.AskAnybody)
	if err != nil {
		return err
	}
	req.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(req.w).Encode(map[string]any{"ceremony": form.Code, "options": json.RawMessage(form.Options)})
}

// signInByPasskey signs somebody in by a passkey alone, whose device has verified them. To every failure it gives the same answer.
func (c *Console) signInByPasskey(req *request) error {
	form := signInForm{Next: localPath(req.PostFormValue("next"))}
	state, answer, err := c.takeCeremony(req, ceremonySignIn, "")
	var user policy.User
	var answered passkeys.Proof
	if err == nil {
		find := func(h passkeys.Handle) (policy.User, error) { return c.userOfHandle(req.Context(), h) }
		user, answered, err = c.passkeys.Anybody(state, answer, find)
	}
	switch err := c.usePasskey(req, policy.MethodPasskey, user, answered, err); {
	case errors.Is(err, errWrongPasskey), errors.Is(err, policy.ErrPasskeyCopied):
		return c.showSignIn(req, err, form)
	case err != nil:
		return err
	}
	return c.finishSignIn(req, user, proof{policy.MethodPasskey, answered.PasskeyID}, form.Next, "")
}

// userOfHandle returns store.ErrNotFound if there is nobody. Where the handle has no room for the account, all are searched.
func (c *Console) userOfHandle(ctx context.Context, h passkeys.Handle) (policy.User, error) {
	if h.Account != "" {
		return c.Store.User(ctx, h.Account, h.User)
	}
	var found policy.User
	err := store.EachAccount(ctx, c.Store, "", func(account policy.Account) error {
		if found.ID != "" {
			return nil
		}
		user, err := c.Store.User(ctx, account.ID, h.User)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		found = user
		return err
	})
	if err == nil && found.ID == "" {
		err = store.ErrNotFound
	}
	return found, err
}

// finishSignIn begins the session of a user who has proved who they are. The notice, which may be empty, is for the first page.
func (c *Console) finishSignIn(req *request, user policy.User, how proof, next, notice string) error {
	subject, err := c.defaultSubject(req.Context(), user)
	switch {
	case errors.Is(err, errNoTenant):
		c.refused(req, how.method, policy.SignInNotMember, user)
		return err
	case err != nil:
		return err
	case subject.User.SignInState() != user.SignInState(): // changed meanwhile: a session for the user as they are now would outlive that
		c.refused(req, how.method, policy.SignInWrongPasskey, user)
		return c.showSignIn(req, errWrongPasskey, signInForm{Next: next})
	}
	if err := c.welcome(req, subject, how); err != nil {
		return err
	}
	if notice != "" {
		c.flash(req, notice)
	}
	return req.redirect(next)
}

// noPasskeysHere explains, where c.passkeys is nil, why nobody can have a passkey.
func (c *Console) noPasskeysHere() string {
	if c.OpenID.Only {
		return fmt.Sprintf("Everybody signs in with %s here.", c.OpenID.Name)
	}
	return fmt.Sprintf("Browsers have no passkeys for %s: they belong to a name, not to an address. Whoever runs this server can give it one.",
		c.URL)
}
