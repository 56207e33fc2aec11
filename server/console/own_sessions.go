package console

import (
	"cmp"
	"errors"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// Paths below My account with what concerns the visitor's own sign-in.
const (
	endSessionPath  = accountPath + "/sessions/end"
	endOthersPath   = accountPath + "/sessions/end-others"
	ownPasswordPath = accountPath + "/password"
	signInsPath     = accountPath + "/sign-ins"
)

// sessionRow is a session in a list.
type sessionRow struct {
	ID, Browser, Address, Method string
	Started, Seen                stamp
	This                         bool
}

func (c *Console) ownSessions(req *request) ([]sessionRow, error) {
	sessions, err := c.Service.OwnSessions(req.Context(), req.actor)
	var rows []sessionRow
	for _, each := range sessions {
		row := sessionRow{
			ID: each.ID, Browser: each.Browser, Address: each.Address, Method: c.methodText(each.Method),
			Started: newStamp(each.Started, req.info.At), Seen: newStamp(each.Seen, req.info.At), This: each.ID == req.session.ID,
		}
		if row.This {
			rows = append([]sessionRow{row}, rows...)
		} else {
			rows = append(rows, row)
		}
	}
	return rows, err
}

// methodText says how somebody signed in.
func (c *Console) methodText(method string) string {
	return methodWords(method, cmp.Or(c.OpenID.Name, "the sign-in provider"))
}

func methodWords(method, provider string) string {
	switch method {
	case policy.MethodPassword:
		return "with the password"
	case policy.MethodOpenID:
		return "with " + provider
	case policy.MethodPasskey:
		return "with a passkey"
	case policy.MethodPasswordAndPasskey:
		return "with the password and a passkey"
	case policy.MethodPasswordAndCode:
		return "with the password and a recovery code"
	default:
		return method
	}
}

// endSession ends one of the visitor's sessions. It asks for no proof: it only stops something.
func (c *Console) endSession(req *request) error {
	id := req.PostForm.Get("session")
	err := c.Service.EndSession(req.Context(), req.actor, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // one that has ended meanwhile is what was asked for
		return err
	}
	if err == nil {
		if err := c.farewell(req, false); err != nil {
			return err
		}
	}
	c.flash(req, "That session has ended.")
	return req.redirect(accountPath)
}

func (c *Console) endOtherSessions(req *request) error {
	ended, err := c.Service.EndOtherSessions(req.Context(), req.actor, req.session.ID)
	if err != nil {
		return err
	}
	if err := c.farewell(req, true); err != nil {
		return err
	}
	c.flash(req, "Ended "+plural(ended, "other session")+". You are signed in here only.")
	return req.redirect(accountPath)
}

type ownPasswordPage struct {
	Fault fault
}

func (c *Console) ownPasswordPage(req *request) error { return c.showOwnPassword(req, nil) }

func (c *Console) showOwnPassword(req *request, cause error) error {
	if !c.hasPassword(req.actor.User) {
		return store.ErrNotFound
	}
	const title = "Change your password"
	if cause == nil {
		return c.show(req, "own-password", title, ownPasswordPage{})
	}
	page := ownPasswordPage{}
	if page.Fault, _ = formFault(cause); errors.Is(cause, errWrongProof) {
		page.Fault = fault{proofPassword, explain(cause).text}
	}
	return c.showStatus(req, cause, "own-password", title, page)
}

// changeOwnPassword asks for the old password as the proof, and goes on in a new session; all others end.
func (c *Console) changeOwnPassword(req *request) error {
	user, chosen := req.actor.User, req.PostForm.Get("password")
	if !c.hasPassword(user) {
		return store.ErrNotFound
	}
	if chosen != req.PostForm.Get("password_again") {
		return c.showOwnPassword(req, errMismatch)
	}
	err := policy.CheckPasswordOf(user, chosen)
	if err == nil {
		err = policy.CheckPassword(chosen)
	}
	if err == nil {
		err = c.checkOwnPassword(req, req.PostForm.Get(proofPassword))
	}
	if err == nil {
		req.actor.User, err = c.Service.ChangeOwnPassword(req.Context(), req.actor, chosen)
	}
	if _, ok := formFault(err); err != nil && (ok || errors.Is(err, errWrongProof)) {
		return c.showOwnPassword(req, err)
	}
	if err != nil {
		return err
	}
	err = errors.Join(c.Service.ForgetSessions(req.Context(), user, req.info.At.Add(-1)), c.begin(req, req.actor, req.began.proof))
	if err != nil {
		return err
	}
	c.flash(req, "Your password is changed. All your other sessions have ended.")
	return req.redirect(accountPath)
}

// othersSessions is how many sessions of a user the visitor could end; none for those of higher authority.
func (c *Console) othersSessions(req *request, u policy.User) (int, error) {
	sessions, err := c.Service.SessionsOf(req.Context(), req.actor, req.in, u.ID)
	if errors.Is(err, policy.ErrHigherAuthority) || errors.Is(err, admin.ErrInsufficientScope) || errors.Is(err, policy.ErrNotGrantable) {
		return 0, nil
	}
	return len(sessions), err
}

// signUserOut ends all sessions of a user.
func (c *Console) signUserOut(req *request, id string) error {
	ended, err := c.Service.EndSessions(req.Context(), req.actor, req.in, id)
	if err != nil {
		return err
	}
	c.flash(req, "Ended "+plural(ended, "session")+". The user can sign in again.")
	return req.redirect(usersPath + "/" + id)
}
