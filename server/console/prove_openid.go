package console

import (
	"log/slog"
	"net/url"
	"time"

	"mintkey/policy"
	"mintkey/server/console/openid"
	"mintkey/server/limits"
)

const proveOpenIDPath = provePath + "/oidc"

// proofLeeway is how far the provider's clock may be behind this server's.
const proofLeeway = time.Minute

// proofProvider is the name of the provider, if the user is bound to somebody there.
func (c *Console) proofProvider(u policy.User) string {
	if c.provider == nil || u.OpenID.Issuer != c.OpenID.Issuer {
		return ""
	}
	return c.OpenID.Name
}

// startProof sends the visitor to the provider, which is told to ask them again. What the answer is compared with stays in the session and
// not in the cookie, which whoever sits at an unlocked computer can change.
func (c *Console) startProof(req *request) error {
	ctx := req.Context()
	if c.proofProvider(req.actor.User) == "" {
		return errNotProved
	}
	if _, err := c.Limits.Reserve(ctx, limits.OpenIDStart(req.info.Address)); err != nil {
		return err
	}
	begun, to, err := c.provider.BeginAgain(ctx)
	if err != nil {
		return err
	}
	next := url.URL{Path: provePath, RawQuery: url.Values{draftField: {req.URL.Query().Get(draftField)}}.Encode()}
	if err := c.keepAttempt(req, newAttempt(begun, signInForm{Next: next.String()}, req.info.At)); err != nil {
		return err
	}
	c.sessions.Put(ctx, sessionProofState, begun.State)
	c.sessions.Put(ctx, sessionProofBegun, req.info.At.UnixNano())
	return req.redirect(to)
}

// proving says whether the attempt is one of the visitor's to prove who they are, and when it began. It counts once.
func (c *Console) proving(req *request, begun attempt) (since time.Time, ok bool) {
	ctx := req.Context()
	if c.sessions.GetString(ctx, sessionProofState) != begun.State || begun.State == "" {
		return time.Time{}, false
	}
	since = time.Unix(0, c.sessions.GetInt64(ctx, sessionProofBegun))
	c.sessions.Remove(ctx, sessionProofState)
	c.sessions.Remove(ctx, sessionProofBegun)
	return since, c.identify(req) == nil
}

// finishProof goes back to the form that waits. The person has to be the visitor, and to have signed in at the provider since.
func (c *Console) finishProof(req *request, begun attempt, person openid.Person, since time.Time) error {
	user := req.actor.User
	since = since.Add(-c.ClockOffset - proofLeeway)
	switch {
	case user.OpenID != policy.Identity{Issuer: person.Issuer, Subject: person.Subject}:
		c.refused(req, policy.MethodOpenID, policy.SignInOtherPerson, user)
		c.flash(req, "Somebody else signed in there. Try again as yourself.")
	case person.SignedInAt.Before(since):
		c.Log.InfoContext(req.Context(), "the provider did not ask again", append(aboutPerson(req.actor),
			slog.Time("signed_in_at", person.SignedInAt))...)
		c.refused(req, policy.MethodOpenID, policy.SignInNotAsked, user)
		c.flash(req, c.OpenID.Name+" did not ask you to sign in again, so this proves nothing.")
	default:
		if err := c.proved(req, policy.MethodOpenID); err != nil {
			return err
		}
	}
	return req.redirect(localPath(begun.Next))
}
