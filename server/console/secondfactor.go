package console

import (
	"errors"
	"time"

	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// Names of values in a session while only the password is known to be right. There is no sessionUser, so it opens no page.
const (
	halfAccount = "half-account"
	halfUser    = "half-user"
	halfState   = "half-state"
	halfNext    = "half-next"
	halfEnds    = "half-ends"
)

// codeField is the field of a recovery code.
const codeField = "recovery_code"

// errHalfOver sends somebody back to the password.
var errHalfOver = errors.New("the password has to be given again")

type secondFactorForm struct {
	Email     string
	Passkey   *ceremonyForm // nil where none can be asked for
	Why       string        // there is no passkey to ask for
	CodesLeft int
	Problem   string
}

// beginSecondFactor remembers under a new session that the user's password was right, and asks for the second factor.
func (c *Console) beginSecondFactor(req *request, user policy.User, next string) error {
	ctx := req.Context()
	if err := errors.Join(c.sessions.Clear(ctx), c.sessions.RenewToken(ctx)); err != nil {
		return err
	}
	for name, value := range map[string]any{
		halfAccount: user.AccountID, halfUser: user.ID, halfState: fingerprint(user), halfNext: next,
		halfEnds: req.info.At.Add(ceremonyLifetime).UnixNano(),
	} {
		c.sessions.Put(ctx, name, value)
	}
	return req.redirect(secondFactorPath)
}

// fingerprint changes with all that ends a sign-in.
func fingerprint(u policy.User) string { return ephemeral.Digest(u.SignInState()) }

// half returns the user whose password was right a while ago, or errHalfOver.
func (c *Console) half(req *request) (policy.User, error) {
	ctx := req.Context()
	ends := time.Unix(0, c.sessions.GetInt64(ctx, halfEnds))
	if id := c.sessions.GetString(ctx, halfUser); id == "" || !req.info.At.Before(ends) {
		return policy.User{}, errHalfOver
	}
	user, err := c.Store.User(ctx, c.sessions.GetString(ctx, halfAccount), c.sessions.GetString(ctx, halfUser))
	if errors.Is(err, store.ErrNotFound) ||
		err == nil && (user.Disabled || user.IsRobot() || fingerprint(user) != c.sessions.GetString(ctx, halfState)) {
		return policy.User{}, errHalfOver
	}
	return user, err
}

func (c *Console) secondFactorPage(req *request) error {
	user, err := c.half(req)
	if errors.Is(err, errHalfOver) || err == nil && !user.HasSecondFactor() {
		return req.redirect(signInPath)
	}
	if err != nil {
		return err
	}
	return c.showSecondFactor(req, user, nil)
}

func (c *Console) showSecondFactor(req *request, user policy.User, cause error) error {
	form := secondFactorForm{Email: user.Email, CodesLeft: len(user.RecoveryCodes)}
	if c.passkeys == nil {
		form.Why = c.noPasskeysHere()
	} else {
		asked, err := c.askForPasskey(req, ceremonySecondFactor, user)
		switch {
		case err == nil:
			form.Passkey = &asked
		case passes(err): // a recovery code can still be used
			form.Why = "No passkey can be asked for now. " + explain(err).text
		default:
			return err
		}
	}
	if cause == nil {
		return c.show(req, "second-factor", "Sign in", form)
	}
	form.Problem = explain(cause).text
	return c.showStatus(req, cause, "second-factor", "Sign in", form)
}

// secondFactor ends the sign-in by a passkey or a recovery code.
func (c *Console) secondFactor(req *request) error {
	user, err := c.half(req)
	if errors.Is(err, errHalfOver) {
		return c.showSignIn(req, err, signInForm{Next: homePath})
	}
	if err != nil {
		return err
	}
	how := proof{method: policy.MethodPasswordAndPasskey}
	next, notice := localPath(c.sessions.GetString(req.Context(), halfNext)), ""
	if !user.HasSecondFactor() { // taken away meanwhile by its owner: the password is enough again
		return c.finishSignIn(req, user, proof{method: policy.MethodPassword}, next, "")
	}
	if req.PostForm.Has(codeField) {
		how.method = policy.MethodPasswordAndCode
		var left int
		left, err = c.useRecoveryCode(req, user)
		notice = "That recovery code is used up. " + codesLeftText(left)
	} else {
		how.passkey, err = c.proveByPasskey(req, ceremonySecondFactor, how.method, user)
	}
	switch {
	case errors.Is(err, errWrongPasskey), errors.Is(err, policy.ErrPasskeyCopied), errors.Is(err, policy.ErrWrongRecoveryCode):
		return c.showSecondFactor(req, user, err)
	case err != nil:
		return err
	}
	return c.finishSignIn(req, user, how, next, notice)
}

// useRecoveryCode counts the attempt before it looks, and gives it back for a right code.
func (c *Console) useRecoveryCode(req *request, user policy.User) (left int, err error) {
	ctx, method := req.Context(), policy.MethodPasswordAndCode
	reserved, err := c.Limits.Reserve(ctx, limits.RecoveryCode(limits.KnownUser(user.AccountID, user.ID), c.visitor(req)))
	if err != nil {
		c.refused(req, method, policy.SignInTooMany, user)
		return 0, err
	}
	left, err = c.Service.UseRecoveryCode(ctx, c.actorOf(req, policy.Subject{User: user}), req.PostForm.Get(codeField))
	switch {
	case errors.Is(err, policy.ErrWrongRecoveryCode), errors.Is(err, policy.ErrUserDisabled), errors.Is(err, policy.ErrServiceUser):
		c.refused(req, method, policy.SignInWrongCode, user)
		return 0, policy.ErrWrongRecoveryCode
	default:
		reserved.Refund(ctx)
	}
	return left, err
}
