package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"mintkey/admin"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/console/openid"
	"mintkey/server/limits"
	"mintkey/server/web"
	"mintkey/store"
)

// Errors of the console, in addition to those of policy, store and admin.
var (
	errSignedOut    = errors.New("not signed in")
	errWrongSignIn  = errors.New("wrong e-mail address or password")
	errWhichAccount = errors.New("several accounts have a user with this address")
	errNoTenant     = errors.New("the user is not a member of any tenant")
	errCrossOrigin  = errors.New("the form came from another site")
	errBadForm      = errors.New("the form could not be read")
	errMethod       = errors.New("the page has no such method")
	errOtherCount   = errors.New("another number of access keys than was confirmed")
)

// explanation is an error as shown to a person.
type explanation struct {
	status int
	title  string
	text   string
	field  string // the form field that caused it, if there is one
}

// explanations maps errors to explanations; the first row whose kind matches wins. Any other error is internal, and its text is not shown.
func explanations() []struct {
	kind error
	explanation
} {
	const (
		forbidden     = http.StatusForbidden
		notFound      = http.StatusNotFound
		conflict      = http.StatusConflict
		unprocessable = http.StatusUnprocessableEntity
		badGateway    = http.StatusBadGateway
		unavailable   = http.StatusServiceUnavailable
	)
	const busy = "Too many passwords are being checked at the moment, so nothing was done. Try again in a few seconds."
	const later = "The server cannot reach its store at the moment. Nothing was changed; try again in a few seconds."
	type row = struct {
		kind error
		explanation
	}
	return []row{
		{errSignedOut, explanation{
			http.StatusUnauthorized, "You are signed out", "Nothing that you typed is lost: sign in again in a new tab, then go on here.", "",
		}},
		{errWrongSignIn, explanation{http.StatusUnauthorized, "Sign in", "That e-mail address and password do not fit together.", ""}},
		{errNotProved, explanation{http.StatusUnauthorized, "Is it you?", "Prove once more who you are, then try again.", ""}},
		{errWrongProof, explanation{http.StatusUnauthorized, "Is it you?", "That is not your password.", "proof_password"}},
		{errDraftGone, explanation{
			conflict, "Already sent, or too late",
			"This form has been sent on already, or waited for more than an hour. See whether it was done; if it was not, begin again.", "",
		}},
		{errWrongPasskey, explanation{
			http.StatusUnauthorized, "Sign in",
			"That passkey proves nothing here: it was removed, belongs somewhere else, or took too long. Try again.", "",
		}},
		{policy.ErrPasskeyCopied, explanation{
			forbidden, "Sign in",
			"The counter of this passkey has gone back, so somebody may have a copy of it. Sign in another way, remove it, and tell an admin.", "",
		}},
		{policy.ErrWrongRecoveryCode, explanation{
			http.StatusUnauthorized, "Sign in",
			"That is none of your recovery codes, or it was used before.", "",
		}},
		{errHalfOver, explanation{
			http.StatusUnauthorized, "Sign in",
			"The second step took too long, or your user has changed meanwhile. Sign in again.", "",
		}},
		{errWhichAccount, explanation{
			conflict, "Sign in",
			"Several accounts have a user with this e-mail address. Say which account you mean, and enter your password again.", "",
		}},
		{errPasswordsOff, explanation{forbidden, "Sign in", "Passwords are turned off here. Sign in with the button.", ""}},
		{errLostAttempt, explanation{
			forbidden, "Sign in",
			"This sign-in began in another browser, was used before, or took too long. Begin again here.", "",
		}},
		{errUnknownPerson, explanation{
			forbidden, "Sign in",
			"The sign-in provider knows you, but nobody here has your e-mail address. Ask an admin of your account to add you.", "",
		}},
		{errDisabled, explanation{forbidden, "Sign in", "Your user is disabled here. Ask an admin of your account to enable it.", ""}},
		{errNoAccountSet, explanation{
			unavailable, "Sign in",
			"This server does not know yet whom this provider may sign in. Tell whoever runs it; its log says more.", "",
		}},
		{policy.ErrOtherPerson, explanation{
			forbidden, "Sign in",
			"Somebody else with your e-mail address has signed in here before. Ask an admin of your account to make room for you.", "",
		}},
		{openid.ErrDeclined, explanation{
			forbidden, "Sign in",
			"The sign-in provider did not let you through, or you cancelled. Try again, or ask whoever looks after your sign-in there.", "",
		}},
		{openid.ErrUnverifiedEmail, explanation{
			forbidden, "Sign in",
			"The sign-in provider has not verified your e-mail address. Have it verified there, then try again.", "",
		}},
		{openid.ErrRefused, explanation{
			badGateway, "Sign in",
			"The sign-in provider did not accept this server. Tell whoever runs it; its log says more.", "",
		}},
		{openid.ErrUntrusted, explanation{
			badGateway, "Sign in",
			"The answer of the sign-in provider proves nothing, so you are not signed in. " +
				"Try again; if it comes back, tell whoever runs this server.", "",
		}},
		{openid.ErrUnavailable, explanation{
			unavailable, "Sign in",
			"The sign-in provider can’t be reached at the moment. Try again in a minute.", "",
		}},
		{errNoTenant, explanation{
			forbidden, "No tenant yet",
			"You are not a member of any tenant. Ask an admin of your account to add you to one, then sign in again.", "",
		}},
		{errCrossOrigin, explanation{
			forbidden, "Refused",
			"This form was sent from another site, so nothing was done. Open the console and try again there.", "",
		}},
		{errBadForm, explanation{
			http.StatusBadRequest, "Not understood",
			"What your browser sent could not be read. Go back and try again.", "",
		}},
		{errOtherAccount, explanation{
			conflict, "Another account",
			"You have gone to another account since this page was opened, so nothing was done. Go back to the one that you mean, and open " +
				"the page there.", "",
		}},
		{errMethod, explanation{http.StatusMethodNotAllowed, "Not that way", "This page is not for requests of this kind.", ""}},
		{errOtherCount, explanation{
			unprocessable, "Confirm the number",
			"This is not the number of access keys. Others may have changed them meanwhile: look again, then confirm.", "count",
		}},
		{admin.ErrInsufficientScope, explanation{
			forbidden, "Not for your role",
			"Your role does not allow this. An admin of your account can change it.", "",
		}},
		{policy.ErrHigherAuthority, explanation{
			forbidden, "Not yours to change",
			"This belongs to somebody of higher authority than you. Ask an admin of that role.", "",
		}},
		{policy.ErrNotGrantable, explanation{forbidden, "Not yours to hand out", "This would hand out more than you may do yourself.", "scope"}},
		{store.ErrNotFound, explanation{
			notFound, "Not found",
			"There is nothing here that you may see. It may have been revoked or removed, or belong to another tenant.", "",
		}},
		{policy.ErrNoOverlap, explanation{notFound, "No old secret", "The old secret of this access key has stopped working already.", ""}},
		{policy.ErrPasskeyNotFound, explanation{notFound, "Not found", "You have no such passkey. It may have been removed.", ""}},
		{policy.ErrPasskeyExists, explanation{conflict, "Added already", "This passkey is among yours already.", ""}},
		{policy.ErrTooManyPasskeys, explanation{conflict, "Too many passkeys", asSentence(policy.ErrTooManyPasskeys), ""}},
		{policy.ErrNoPasskey, explanation{conflict, "No passkey yet", "Add a passkey on My account first.", ""}},
		{policy.ErrInvalidSecondFactor, explanation{unprocessable, "Invalid choice", "Choose one of the two.", "second_factor"}},
		{policy.ErrKeyNotFound, explanation{notFound, "Not found", "This access key is gone: it was revoked, or it expired long ago.", ""}},
		{store.ErrPositionForgotten, explanation{ // an ErrPositionLost too, so it comes first
			http.StatusGone, "No longer there",
			"This part of the activity has been deleted because it is old. Start from the newest again.", "",
		}},
		{store.ErrPositionLost, explanation{
			http.StatusGone, "No longer there",
			"The activity has been restored from a backup. Start from the newest again.", "",
		}},
		{errNotTyped, explanation{unprocessable, "Please confirm", "Type what the page asks for.", typedField}},
		{policy.ErrLastAdmin, explanation{
			conflict, "The last admin",
			"Nobody else who is a member of a tenant has this role. Give it to another member first.", "",
		}},
		{policy.ErrKeyLimit, explainKeyLimit()},
		{policy.ErrKeyExpired, explanation{
			conflict, "Expired",
			"This access key has expired and can no longer be refreshed. Create a new one.", "",
		}},
		{policy.ErrUserDisabled, explanation{conflict, "User disabled", "This user is disabled. Enable them first.", "user"}},
		{policy.ErrKeySuspended, explanation{conflict, "Access key suspended", "This access key is suspended. Resume it first.", ""}},
		{policy.ErrRefreshRequired, explanation{conflict, "Refresh required", asSentence(policy.ErrRefreshRequired), ""}},
		{policy.ErrTenantSuspended, explanation{conflict, "Tenant suspended", "This tenant is suspended. Resume it first.", ""}},
		{policy.ErrSuspendedByOther, explanation{forbidden, "Suspended by somebody else", asSentence(policy.ErrSuspendedByOther), ""}},
		{policy.ErrInvalidReason, explanation{unprocessable, "Invalid reason", asSentence(policy.ErrInvalidReason), "reason"}},
		{policy.ErrNotMember, explanation{unprocessable, "Not a member", "Choose a member of this tenant.", "user"}},
		{policy.ErrAcknowledgementRequired, explanation{conflict, "Please confirm", "Confirm that you accept the risk.", "acknowledge_risk"}},
		{policy.ErrInvalidPeriod, explainPeriods()},
		{policy.ErrInvalidQuota, explanation{
			unprocessable, "Invalid quota",
			"Enter a whole number from 1 to " + grouped(policy.MaxTokensPerMinute) + ", or nothing for no quota.", quotaField,
		}},
		{policy.ErrInvalidNoticeAddresses, explanation{
			unprocessable, "Invalid e-mail address",
			fmt.Sprintf("Enter at most %d e-mail addresses, such as ops@example.com, one a line.", policy.MaxNoticeAddresses), noticesField,
		}},
		{policy.ErrScopeNotHeld, explanation{unprocessable, "Scope not held", asSentence(policy.ErrScopeNotHeld), "scope"}},
		{policy.ErrInvalidNetwork, explanation{
			unprocessable, "Invalid network",
			fmt.Sprintf("Enter at most %d networks, such as 192.0.2.0/24 or 2001:db8::/32; one address is 192.0.2.1/32.", policy.MaxAllowedNetworks),
			networksField,
		}},
		{policy.ErrInvalidTokenLifetime, explanation{
			unprocessable, "Invalid lifetime",
			"Enter a whole number of seconds: a minute at least, and no longer than the server has tokens live.", lifetimeField,
		}},
		{policy.ErrInvalidEnd, explanation{unprocessable, "Invalid expiry", "Choose a time in the future, in UTC, or none.", endField}},
		{policy.ErrForeignNetwork, explanation{http.StatusForbidden, "Not from here", asSentence(policy.ErrForeignNetwork), ""}},
		{policy.ErrOwnFence, explanation{http.StatusForbidden, "Your own access key", asSentence(policy.ErrOwnFence), ""}},
		{policy.ErrInvalidRelease, explanation{
			unprocessable, "Invalid release",
			"A release is written year.number, for example 24.3, 2023.07 or 24.3.1.", "release",
		}},
		{policy.ErrInvalidID, explanation{
			unprocessable, "Invalid ID",
			"An ID has 1 to 63 characters of a–z, 0–9 and -, and begins with a letter or digit.", "id",
		}},
		{policy.ErrInvalidEmail, explanation{unprocessable, "Invalid e-mail address", "Enter one address such as ada@example.com.", "email"}},
		{policy.ErrInvalidName, explanation{unprocessable, "Invalid name", asSentence(policy.ErrInvalidName), "name"}},
		{policy.ErrInvalidLabel, explanation{unprocessable, "Invalid label", asSentence(policy.ErrInvalidLabel), "label"}},
		{policy.ErrServiceUser, explanation{
			unprocessable, "A robot never signs in",
			"This user is a robot: it has no password, and can’t sign in to pick up an access key.", "user",
		}},
		{policy.ErrKindFixed, explanation{conflict, "Kind fixed", "A robot never becomes a person. Create a new user.", ""}},
		{policy.ErrReleaseFixed, explanation{conflict, "Release fixed", asSentence(policy.ErrReleaseFixed), ""}},
		{policy.ErrInvalidKind, explanation{unprocessable, "Invalid kind", "A user is a person or a robot.", ""}},
		{policy.ErrInvalidRole, explanation{unprocessable, "Invalid role", "Choose one of the roles.", "role"}},
		{policy.ErrInvalidTarget, explanation{unprocessable, "Invalid audience", asSentence(policy.ErrInvalidTarget), audiencesField}},
		{policy.ErrInvalidScope, explanation{unprocessable, "Invalid scope", "Choose at least one of the scopes.", "scope"}},
		{policy.ErrInvalidOverlap, explanation{
			unprocessable, "Invalid overlap",
			"The old secret can go on working for at most " + policy.InDays(policy.MaxOverlap) + ".", "overlap",
		}},
		{policy.ErrScopeAboveOwner, explanation{
			unprocessable, "Scope above the owner",
			"The role of the key’s owner does not allow these scopes. Choose fewer; after a promotion, create a new key.", "scope",
		}},
		{policy.ErrInvalidPassword, explanation{unprocessable, "Invalid password", asSentence(policy.ErrInvalidPassword), "password"}},
		{policy.ErrPersonalPassword, explanation{unprocessable, "Invalid password", asSentence(policy.ErrPersonalPassword), "password"}},
		{passwords.ErrCommon, explanation{unprocessable, "Invalid password", asSentence(passwords.ErrCommon), "password"}},
		{errInvalidLink, explanation{
			http.StatusGone, "This link no longer works",
			"It was used, it is too old, or the password has changed since.", "",
		}},
		{errMismatch, explanation{unprocessable, "Not the same", "This is not the same as above.", "password_again"}},
		{store.ErrEmailTaken, explanation{conflict, "Address taken", "Another user of the account has this e-mail address.", "email"}},
		{store.ErrIDUsed, explanation{
			conflict, "ID taken",
			"Somebody who has been deleted had this ID, and no ID is used twice. Choose another one, or leave it empty to have one made.", "id",
		}},
		{store.ErrExists, explanation{conflict, "ID taken", "This ID is taken. Choose another one, or leave it empty to have one made.", "id"}},
		{admin.ErrPreconditionFailed, explanation{conflict, "Changed meanwhile", "Somebody" + changedMeanwhile, ""}},
		{store.ErrConflict, explanation{conflict, "Try again", "Somebody else was changing the same thing. Nothing was changed; try again.", ""}},
		{passwords.ErrBusy, explanation{unavailable, "Busy", busy, ""}},
		{web.ErrOverloaded, explanation{unavailable, "Busy", busy, ""}},
		{admin.ErrNothingMade, explanation{
			unavailable, "Nothing was made",
			"No replica of the store can be reached, and a secret could be lost with the primary. Try again later.", "",
		}},
		{admin.ErrInEffect, explanation{
			unavailable, "Done, but not confirmed",
			"It has ended: it is refused from now on. But no replica of the store has confirmed that, and it would come back if the " +
				"primary failed now. Do it again until no error is shown.", "",
		}},
		{store.ErrUnconfirmed, explanation{
			unavailable, "Not confirmed",
			"The change is made, but no replica of the store has confirmed it: it is lost if the primary fails before one has it. " +
				"Look whether it holds before you repeat it.", "",
		}},
		{store.ErrTakesNoChanges, explanation{
			unavailable, "No changes now",
			"The store takes no changes now, so this was not done, or not all of it. Try again later.", "",
		}},
		{store.ErrUnavailable, explanation{unavailable, "Back in a moment", later, ""}},
		{context.DeadlineExceeded, explanation{unavailable, "Back in a moment", later, ""}},
	}
}

func explainKeyLimit() explanation {
	number := policy.InWords(policy.MaxKeys)
	return explanation{
		http.StatusConflict, capitalized(number) + " keys already",
		"This user already has " + number + " access keys in this tenant. Revoke or refresh one of them first.", "user",
	}
}

// asSentence turns the text of an error into a sentence for a page.
func asSentence(err error) string { return capitalized(err.Error()) + "." }

func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func explainPeriods() explanation {
	text := fmt.Sprintf("Choose %d to %d days in steps of %d.", policy.MinPeriodDays, policy.MaxPeriodDays, policy.PeriodStepDays)
	return explanation{http.StatusUnprocessableEntity, "Invalid period", text, "period_days"}
}

// explain returns the explanation of an error.
func explain(err error) explanation {
	if many, ok := errors.AsType[*limits.TooManyError](err); ok {
		text := fmt.Sprintf("There were too many tries. Try again in %s.", waitText(many.RetryAfter))
		return explanation{http.StatusTooManyRequests, "Too many tries", text, ""}
	}
	if unknown, ok := errors.AsType[*filterError](err); ok {
		return explanation{http.StatusBadRequest, "Not in this list", unknown.Error(), ""}
	}
	for _, row := range explanations() {
		if errors.Is(err, row.kind) {
			if above, ok := errors.AsType[*policy.ScopeAboveOwnerError](err); ok {
				row.text = asSentence(above)
			}
			return row.explanation
		}
	}
	return explanation{
		http.StatusInternalServerError, "Something went wrong",
		"The server failed. Its log has more under this request ID.", "",
	}
}

// fault is what is wrong with a form field; the zero value means that nothing is.
type fault struct {
	Field string
	Text  string
}

// Of returns the text for the named field; the empty name is for faults of the whole form.
func (f fault) Of(field string) string {
	if f.Field != field {
		return ""
	}
	return f.Text
}

// formFault returns what a form should say about an error, and false if the form should not be shown again: the input did not cause it,
// and the same input can't succeed later.
func formFault(err error) (fault, bool) {
	e := explain(err)
	switch e.status {
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return fault{e.field, e.text}, true
	case http.StatusForbidden:
		return fault{e.field, e.text}, e.field != ""
	default:
		return fault{}, false
	}
}

type errorPage struct {
	Heading, Text, RequestID string
	SignIn                   string // where to sign in again, if that is what is missing
}
