package web

import (
	"context"
	"errors"
	"net/http"

	"mintkey/admin"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// rendering is how one kind of error is shown to callers.
type rendering struct {
	kind   error
	status int    // of the administration API
	code   string // of problem details
	title  string
	// detail replaces the text of errors that may reveal internals; if empty, the error's own text is shown.
	detail string
	// oauth is the error code on OAuth endpoints, by default server_error; oauthStatus by default status.
	oauth       string
	oauthStatus int
	// prevails makes the row win over every other kind that the error wraps as well. A token that is not good is 401 whatever the reason:
	// clients fetch a new one on 401 only, and nginx makes a 500 of a 400.
	prevails bool
}

const (
	unavailableDetail = "The server cannot reach its store. Nothing is wrong with the request: try again."
	unconfirmedDetail = "The change is made, but no replica of the store has confirmed it: it is lost if the primary fails before one has. " +
		"Look whether it holds before you repeat the request."
	inEffectDetail = "It has ended: it is refused from now on, and gateways are being told. But no replica of the store has confirmed that, " +
		"and it would come back if the primary failed now. Repeat the request until it succeeds."
	noChangesDetail = "The store takes no changes now, so this was not done, or not all of it. Nothing is wrong with the request: try again " +
		"later. /readyz says why, for those who run the server."
	lostDetail        = "The store of the server has lost its data. Nothing is wrong with the request: try again once it is back."
	nothingMadeDetail = "No replica of the store can be reached, so nothing was made: a secret could be lost with the primary. " +
		"Repeat the request later."
	busyDetail       = "The server has more passwords to check than it can. Nothing is wrong with the request: try again in a few seconds."
	overloadedDetail = "The server has too many requests to work on. Nothing is wrong with the request: try again in a few seconds."
	internalDetail   = "The server failed. The log has more under this request ID."
	// clientDetail is the same for every client that failed to authenticate, whatever the reason (R24).
	clientDetail = "Client authentication failed."
)

// renderings returns the table. The first row whose kind matches wins, among those that prevail if there is one; the last row is everything
// else.
func renderings() []rendering {
	const badRequest, unprocessable, conflict = http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusConflict
	const unauthorized = http.StatusUnauthorized
	return []rendering{
		{kind: ErrInvalidRequest, status: badRequest, code: "invalid_request", title: "Invalid request", oauth: "invalid_request"},
		{
			kind: ErrMethodNotAllowed, status: http.StatusMethodNotAllowed, code: "method_not_allowed", title: "Method not allowed",
			oauth: "invalid_request",
		},
		{
			kind: ErrNotImplemented, status: http.StatusNotImplemented, code: "not_implemented", title: "Not implemented",
			oauth: "invalid_request",
		},
		{
			kind: ErrPayloadTooLarge, status: http.StatusRequestEntityTooLarge, code: "payload_too_large", title: "Request body too large",
			oauth: "invalid_request",
		},
		{
			kind: ErrUnsupportedMediaType, status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", title: "Unsupported media type",
			oauth: "invalid_request", oauthStatus: badRequest,
		},

		{
			kind: ErrInvalidClient, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: clientDetail, oauth: "invalid_client",
		},
		{
			kind: policy.ErrWrongSecret, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: clientDetail, oauth: "invalid_client",
		},
		{
			kind: ErrUnsupportedGrantType, status: badRequest, code: "invalid_request", title: "Unsupported grant type",
			oauth: "unsupported_grant_type",
		},
		{
			kind: ErrUnauthorizedClient, status: badRequest, code: "invalid_request", title: "Grant not allowed",
			oauth: "unauthorized_client",
		},
		{kind: ErrInvalidGrant, status: badRequest, code: "invalid_request", title: "Invalid grant", oauth: "invalid_grant"},
		{kind: ErrForeignToken, status: badRequest, code: "invalid_request", title: "Token of another client", oauth: "invalid_grant"},
		{
			kind: ErrTooManyRequests, status: http.StatusTooManyRequests, code: "too_many_requests", title: "Too many failed attempts",
			oauth: "temporarily_unavailable",
		},
		{
			kind: ErrQuotaExceeded, status: http.StatusTooManyRequests, code: "quota_exceeded", title: "Quota used up",
			oauth: "temporarily_unavailable",
		},
		{kind: ErrScopeNotGranted, status: badRequest, code: "invalid_scope", title: "Invalid scope", oauth: "invalid_scope"},
		{
			kind: policy.ErrInvalidTarget, status: unprocessable, code: "invalid_target", title: "Invalid audience",
			oauth: "invalid_target", oauthStatus: badRequest,
		},

		{kind: ErrUnauthorized, status: unauthorized, code: "unauthorized", title: "Unauthorized", oauth: "invalid_token"},
		{ // an ErrInvalidToken too, so it comes first
			kind: tokens.ErrTokenExpired, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: tokens.ErrTokenExpired.Error(), oauth: "invalid_token", prevails: true,
		},
		{
			kind: ErrInvalidToken, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: ErrInvalidToken.Error(), oauth: "invalid_token", prevails: true,
		},
		{
			kind: tokens.ErrInvalidToken, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: ErrInvalidToken.Error(), oauth: "invalid_token", prevails: true,
		},
		{
			kind: admin.ErrInsufficientScope, status: http.StatusForbidden, code: "insufficient_scope", title: "Insufficient scope",
			oauth: "insufficient_scope",
		},
		{kind: policy.ErrHigherAuthority, status: http.StatusForbidden, code: "not_grantable", title: "Not yours to change"},
		{
			kind: ErrInvalidRequirement, status: http.StatusForbidden, code: "invalid_requirement", title: "Invalid requirement",
			oauth: "insufficient_scope",
		},
		{kind: policy.ErrSuspendedByOther, status: http.StatusForbidden, code: "not_grantable", title: "Suspended by somebody else"},
		{kind: policy.ErrOwnFence, status: http.StatusForbidden, code: "not_grantable", title: "Your own access key"},
		{kind: policy.ErrNotGrantable, status: http.StatusForbidden, code: "not_grantable", title: "Not yours to grant"},

		{kind: ErrNoSuchPath, status: http.StatusNotFound, code: "not_found", title: "Not found", oauth: "invalid_request"},
		{
			kind: store.ErrNotFound, status: http.StatusNotFound, code: "not_found", title: "Not found",
			detail: "There is nothing here that you may see.", oauth: "invalid_request",
		},
		{kind: policy.ErrPasskeyNotFound, status: http.StatusNotFound, code: "not_found", title: "Not found"},
		{kind: policy.ErrNoPasskey, status: conflict, code: "passkey_required", title: "A passkey of your own is required"},
		{kind: policy.ErrInvalidSecondFactor, status: unprocessable, code: "invalid_second_factor", title: "Invalid rule"},
		{kind: policy.ErrTooManyPasskeys, status: conflict, code: "too_many_passkeys", title: "Too many passkeys"},
		{kind: policy.ErrPasskeyExists, status: conflict, code: "passkey_exists", title: "Passkey registered already"},
		{kind: policy.ErrPasskeyCopied, status: http.StatusForbidden, code: "passkey_copied", title: "Passkey may be copied"},
		{kind: policy.ErrWrongRecoveryCode, status: http.StatusForbidden, code: "wrong_recovery_code", title: "Wrong recovery code"},
		{
			kind: ErrNoMail, status: conflict, code: "no_mail", title: "No mail",
			detail: "This server sends no links to choose a password: it has no mail (smtp.url), or people sign in only through the OpenID " +
				"provider.",
		},
		{kind: policy.ErrNoOverlap, status: http.StatusNotFound, code: "not_found", title: "Not found"},
		{
			kind: policy.ErrKeyNotFound, status: http.StatusNotFound, code: "not_found", title: "Not found",
			detail: "There is nothing here that you may see.", oauth: "invalid_client", oauthStatus: unauthorized,
		},
		{
			kind: store.ErrIDUsed, status: conflict, code: "id_taken", title: "ID taken",
			detail: "This ID was used by something that has been deleted, and no ID is used twice: " +
				"choose another one, or leave it out to have one made.",
		},
		{
			kind: store.ErrExists, status: conflict, code: "id_taken", title: "ID taken",
			detail: "This ID is in use: choose another one, or leave it out to have one made.",
		},
		{
			kind: store.ErrEmailTaken, status: conflict, code: "email_taken", title: "E-mail address taken",
			detail: "Another user of the account has this e-mail address: choose another one, or change that user.",
		},
		{ // an ErrPositionLost too, so it comes first
			kind: store.ErrPositionForgotten, status: http.StatusGone, code: "position_lost", title: "Events forgotten",
			detail: "Events behind this position have been deleted, because nobody has read them for as long as the server keeps events, " +
				"or have moved to its archive. Read the trail from the start again, without after, to get what there still is; " +
				"events have the same IDs as before.",
		},
		{
			kind: store.ErrPositionLost, status: http.StatusGone, code: "position_lost", title: "Position lost",
			detail: "The audit trail does not have this position: it was restored, or the position is not one that it gave out. Read it from the " +
				"start again, without after; events have the same IDs as before.",
		},
		{
			kind: admin.ErrPreconditionFailed, status: http.StatusPreconditionFailed, code: "precondition_failed",
			title: "Precondition failed",
		},
		{kind: policy.ErrRetryUsed, status: conflict, code: "idempotency_key_used", title: "Idempotency-Key used"},
		{kind: policy.ErrRetryOvertaken, status: conflict, code: "conflict", title: "Conflict"},
		{kind: policy.ErrLastAdmin, status: conflict, code: "last_admin", title: "Last admin"},
		{kind: policy.ErrKindFixed, status: conflict, code: "kind_fixed", title: "Kind fixed"},
		{kind: policy.ErrReleaseFixed, status: conflict, code: "release_fixed", title: "Release fixed"},
		{kind: policy.ErrKeyLimit, status: conflict, code: "key_limit_reached", title: "Key limit reached"},
		{
			kind: policy.ErrKeyExpired, status: conflict, code: "key_expired", title: "Access key expired",
			detail: "The access key has expired, and nothing revives it: create a new one.", oauth: "invalid_client", oauthStatus: unauthorized,
		},
		{
			kind: policy.ErrUserDisabled, status: conflict, code: "user_disabled", title: "User disabled",
			oauth: "invalid_client", oauthStatus: unauthorized,
		},
		{
			kind: policy.ErrKeySuspended, status: conflict, code: "key_suspended", title: "Access key suspended",
			oauth: "invalid_client", oauthStatus: unauthorized,
		},
		{kind: policy.ErrRefreshRequired, status: conflict, code: "refresh_required", title: "Refresh required"},
		{
			kind: policy.ErrTenantSuspended, status: conflict, code: "tenant_suspended", title: "Tenant suspended",
			oauth: "invalid_client", oauthStatus: unauthorized,
		},
		{
			kind: policy.ErrAcknowledgementRequired, status: conflict, code: "acknowledgement_required", title: "Acknowledgement required",
		},
		{
			kind: store.ErrConflict, status: conflict, code: "conflict", title: "Conflict",
			detail: store.ErrConflict.Error(), oauth: "temporarily_unavailable", oauthStatus: http.StatusServiceUnavailable,
		},

		{kind: policy.ErrRetryDiffers, status: unprocessable, code: "idempotency_key_reused", title: "Idempotency-Key reused"},
		{kind: policy.ErrScopeNotHeld, status: unprocessable, code: "scope_not_held", title: "Scope not held"},
		{kind: policy.ErrInvalidNetwork, status: unprocessable, code: "invalid_network", title: "Invalid network"},
		{kind: policy.ErrInvalidEnd, status: unprocessable, code: "invalid_expiry", title: "Invalid expiry"},
		{kind: policy.ErrInvalidTokenLifetime, status: unprocessable, code: "invalid_lifetime", title: "Invalid lifetime"},
		{
			kind: policy.ErrForeignNetwork, status: unauthorized, code: "unauthorized", title: "Unauthorized",
			detail: clientDetail, oauth: "invalid_client",
		},
		{kind: policy.ErrInvalidQuota, status: unprocessable, code: "invalid_quota", title: "Invalid quota"},
		{kind: policy.ErrInvalidPeriod, status: unprocessable, code: "invalid_period", title: "Invalid period"},
		{kind: policy.ErrInvalidRelease, status: unprocessable, code: "invalid_release", title: "Invalid release"},
		{kind: policy.ErrInvalidID, status: unprocessable, code: "invalid_id", title: "Invalid ID"},
		{kind: policy.ErrInvalidEmail, status: unprocessable, code: "invalid_email", title: "Invalid e-mail address"},
		{kind: policy.ErrInvalidNoticeAddresses, status: unprocessable, code: "invalid_email", title: "Invalid e-mail address"},
		{kind: policy.ErrInvalidName, status: unprocessable, code: "invalid_name", title: "Invalid name"},
		{kind: policy.ErrInvalidLabel, status: unprocessable, code: "invalid_label", title: "Invalid label"},
		{kind: policy.ErrInvalidReason, status: unprocessable, code: "invalid_reason", title: "Invalid reason"},
		{kind: policy.ErrServiceUser, status: unprocessable, code: "service_user", title: "A robot never signs in"},
		{kind: policy.ErrInvalidKind, status: unprocessable, code: "invalid_kind", title: "Invalid kind"},
		{kind: policy.ErrInvalidRole, status: unprocessable, code: "invalid_role", title: "Invalid role"},
		{
			kind: policy.ErrInvalidScope, status: unprocessable, code: "invalid_scope", title: "Invalid scope",
			oauth: "invalid_scope", oauthStatus: badRequest,
		},
		{kind: policy.ErrScopeAboveOwner, status: unprocessable, code: "scope_above_owner", title: "Scope above the owner"},
		{kind: policy.ErrInvalidOverlap, status: unprocessable, code: "invalid_overlap", title: "Invalid overlap"},
		{kind: policy.ErrInvalidPassword, status: unprocessable, code: "invalid_password", title: "Invalid password"},
		{kind: policy.ErrPersonalPassword, status: unprocessable, code: "invalid_password", title: "Invalid password"},
		{kind: passwords.ErrCommon, status: unprocessable, code: "invalid_password", title: "Invalid password"},
		{
			kind: policy.ErrNotMember, status: unprocessable, code: "not_a_member", title: "Not a member",
			oauth: "invalid_client", oauthStatus: unauthorized,
		},

		{
			kind: passwords.ErrBusy, status: http.StatusServiceUnavailable, code: "busy", title: "Busy",
			detail: busyDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: ErrOverloaded, status: http.StatusServiceUnavailable, code: "busy", title: "Busy",
			detail: overloadedDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: store.ErrSchemaTooNew, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: "This server is older than its data. It changes nothing until it is upgraded.", oauth: "temporarily_unavailable",
		},
		{ // these are store.ErrUnconfirmed and store.ErrUnavailable too, so they come first
			kind: admin.ErrNothingMade, status: http.StatusServiceUnavailable, code: "unconfirmed", title: "Nothing made",
			detail: nothingMadeDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: admin.ErrInEffect, status: http.StatusServiceUnavailable, code: "unconfirmed", title: "Not confirmed",
			detail: inEffectDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: store.ErrUnconfirmed, status: http.StatusServiceUnavailable, code: "unconfirmed", title: "Not confirmed",
			detail: unconfirmedDetail, oauth: "temporarily_unavailable",
		},
		{ // the server is about to end; its successor may have a sound store
			kind: store.ErrDamaged, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: unavailableDetail, oauth: "temporarily_unavailable",
		},
		{ // store.ErrUnavailable too
			kind: store.ErrEmptied, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: lostDetail, oauth: "temporarily_unavailable",
		},
		{ // store.ErrUnavailable too
			kind: store.ErrPartEmptied, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: lostDetail, oauth: "temporarily_unavailable",
		},
		{ // store.ErrUnavailable too
			kind: store.ErrReplaced, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: lostDetail, oauth: "temporarily_unavailable",
		},
		{ // store.ErrUnavailable too
			kind: store.ErrPrimaryInDoubt, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: unavailableDetail, oauth: "temporarily_unavailable",
		},
		{ // store.ErrUnavailable too
			kind: store.ErrTakesNoChanges, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: noChangesDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: store.ErrUnavailable, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: unavailableDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: context.DeadlineExceeded, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: unavailableDetail, oauth: "temporarily_unavailable",
		},
		{ // the client has gone; no one reads this
			kind: context.Canceled, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: unavailableDetail, oauth: "temporarily_unavailable",
		},
		{
			kind: nil, status: http.StatusInternalServerError, code: "internal", title: "Internal error",
			detail: internalDetail, oauth: "server_error",
		},
	}
}

// errorTable renders errors. It is immutable.
type errorTable []rendering

// find returns the row of an error, with the text for the caller filled in.
func (t errorTable) find(err error) rendering {
	row := t[len(t)-1]
	for _, candidate := range t[:len(t)-1] {
		if (candidate.prevails || row.kind == nil) && errors.Is(err, candidate.kind) {
			row = candidate
		}
		if row.prevails {
			break
		}
	}
	if row.detail == "" {
		row.detail = policy.WithoutSecrets(err.Error())
	}
	if row.oauth == "" {
		row.oauth = "server_error"
	}
	if row.oauthStatus == 0 {
		row.oauthStatus = row.status
	}
	return row
}
