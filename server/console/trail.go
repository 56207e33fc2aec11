package console

import (
	"log/slog"

	"mintkey/admin"
	"mintkey/policy"
)

// welcome starts the session of a person whose sign-in succeeded, and records it. Without a record there is no session.
func (c *Console) welcome(req *request, subject policy.Subject, how proof) error {
	actor := c.actorOf(req, subject)
	if err := c.Service.SignedIn(req.Context(), actor, how.method, browserOf(req.UserAgent()), c.newHere(req, subject.User)); err != nil {
		return err
	}
	if err := c.begin(req, actor, how); err != nil {
		return err
	}
	c.Refused.SignedIn(how.method)
	c.Log.InfoContext(req.Context(), "signed in", append(aboutPerson(actor), slog.String("method", how.method))...)
	c.rememberDevice(req, subject.User)
	return nil
}

// farewell records that the visitor, who has been identified, signs out.
func (c *Console) farewell(req *request, everywhere bool) error {
	if err := c.Service.SignedOut(req.Context(), req.actor, everywhere); err != nil {
		return err
	}
	c.Log.InfoContext(req.Context(), "signed out", append(aboutPerson(req.actor), slog.Bool("everywhere", everywhere))...)
	return nil
}

// aboutPerson returns attributes for the log.
func aboutPerson(actor admin.Actor) []any {
	return []any{
		slog.String("request_id", actor.RequestID), slog.String("account_id", actor.User.AccountID),
		slog.String("user_id", actor.User.ID), slog.String("address", actor.Address),
	}
}

// refused notes a failed sign-in of each of the users, or of nobody who is known. With a disabled user, that is the reason.
func (c *Console) refused(req *request, method, reason string, users ...policy.User) {
	if len(users) == 0 {
		users = []policy.User{{}}
	}
	for _, u := range users {
		reason := reason
		if u.Disabled {
			reason = policy.SignInDisabled
		}
		c.Refused.Refused(policy.RefusedSignIn{
			Action: policy.ActionSessionRefused, AccountID: u.AccountID, UserID: u.ID, Method: method, Reason: reason,
		}, req.info.Address, req.info.At)
	}
}

func (c *Console) actorOf(req *request, subject policy.Subject) admin.Actor {
	return admin.Actor{Subject: subject, Via: "console", Address: req.info.Address, RequestID: req.info.ID, At: req.info.At}
}
