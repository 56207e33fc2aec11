package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// The refusals that this package adds to those of policy, store and tokens.
var (
	errInvalidRequest       = errors.New("invalid request")
	errMethodNotAllowed     = errors.New("method not allowed")
	errPayloadTooLarge      = errors.New("the request body is too large")
	errUnsupportedMediaType = errors.New("unsupported media type")
	errInvalidClient        = errors.New("client authentication failed")
	errUnknownClient        = fmt.Errorf("%w: unknown client", errInvalidClient)
	errUnauthorizedClient   = errors.New("not allowed to use this grant")
	errInvalidGrant         = errors.New("invalid grant")
	errForeignToken         = errors.New("the token was issued to another client")
	errTooManyRequests      = errors.New("too many failed attempts")
	errUnsupportedGrantType = errors.New("unsupported grant type")
	errScopeNotGranted      = errors.New("the access key does not grant this scope")
	errInvalidTarget        = errors.New("unknown resource")
	errUnauthorized         = errors.New("a Bearer token of this server is needed")
	errInvalidToken         = errors.New("the token is not valid here: it is malformed, expired or revoked")
)

// refusal adds to an error of the table what the caller should be told instead of the error's own text.
type refusal struct {
	kind   error
	detail string
}

func (r *refusal) Error() string { return r.detail }
func (r *refusal) Unwrap() error { return r.kind }

// refuse returns an error of the given kind whose text is shown to the caller.
func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// rendering is how one kind of error looks from outside.
type rendering struct {
	kind   error
	status int    // of the administration API
	code   string // of problem details
	title  string
	// detail replaces the text of errors that may tell about the inside; empty means that the text is meant for the caller.
	detail string
	// oauth is the error code on OAuth endpoints, by default server_error; oauthStatus by default status.
	oauth       string
	oauthStatus int
}

const (
	unavailableDetail = "The server cannot reach its store. Nothing is wrong with the request: try again."
	internalDetail    = "The server failed. The log has more under this request ID."
	// clientDetail is what every client hears that failed to authenticate, for whatever reason.
	clientDetail = "Client authentication failed."
)

// renderings returns the table. The first row whose kind matches wins; the last row is everything else.
func renderings() []rendering {
	const badRequest, unprocessable, conflict = http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusConflict
	return []rendering{
		{kind: errInvalidRequest, status: badRequest, code: "invalid_request", title: "Invalid request", oauth: "invalid_request"},
		{kind: errMethodNotAllowed, status: http.StatusMethodNotAllowed, code: "method_not_allowed", title: "Method not allowed", oauth: "invalid_request"},
		{kind: errPayloadTooLarge, status: http.StatusRequestEntityTooLarge, code: "payload_too_large", title: "Request body too large", oauth: "invalid_request"},
		{kind: errUnsupportedMediaType, status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", title: "Unsupported media type", oauth: "invalid_request", oauthStatus: badRequest},

		{kind: errInvalidClient, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", detail: clientDetail, oauth: "invalid_client"},
		{kind: policy.ErrWrongSecret, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", detail: clientDetail, oauth: "invalid_client"},
		{kind: errUnsupportedGrantType, status: badRequest, code: "invalid_request", title: "Unsupported grant type", oauth: "unsupported_grant_type"},
		{kind: errUnauthorizedClient, status: badRequest, code: "invalid_request", title: "Grant not allowed", oauth: "unauthorized_client"},
		{kind: errInvalidGrant, status: badRequest, code: "invalid_request", title: "Invalid grant", oauth: "invalid_grant"},
		{kind: errForeignToken, status: badRequest, code: "invalid_request", title: "Token of another client", oauth: "invalid_grant"},
		{kind: errTooManyRequests, status: http.StatusTooManyRequests, code: "too_many_requests", title: "Too many failed attempts", oauth: "temporarily_unavailable"},
		{kind: errScopeNotGranted, status: badRequest, code: "invalid_scope", title: "Invalid scope", oauth: "invalid_scope"},
		{kind: errInvalidTarget, status: badRequest, code: "invalid_request", title: "Invalid target", oauth: "invalid_target"},

		{kind: errUnauthorized, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", oauth: "invalid_token"},
		{kind: errInvalidToken, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", detail: errInvalidToken.Error(), oauth: "invalid_token"},
		{kind: tokens.ErrTokenExpired, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", detail: tokens.ErrTokenExpired.Error(), oauth: "invalid_token"}, // is an ErrInvalidToken too
		{kind: tokens.ErrInvalidToken, status: http.StatusUnauthorized, code: "unauthorized", title: "Unauthorized", detail: errInvalidToken.Error(), oauth: "invalid_token"},
		{kind: admin.ErrInsufficientScope, status: http.StatusForbidden, code: "insufficient_scope", title: "Insufficient scope", oauth: "insufficient_scope"},
		{kind: policy.ErrNotGrantable, status: http.StatusForbidden, code: "not_grantable", title: "Not yours to grant"},

		{kind: store.ErrNotFound, status: http.StatusNotFound, code: "not_found", title: "Not found", detail: "There is nothing here that you may see.", oauth: "invalid_request"},
		{kind: policy.ErrKeyNotFound, status: http.StatusNotFound, code: "not_found", title: "Not found", detail: "There is nothing here that you may see.", oauth: "invalid_client", oauthStatus: http.StatusUnauthorized},
		{kind: store.ErrExists, status: conflict, code: "id_taken", title: "ID taken", detail: "Another resource has this ID: choose another one, or leave it out to have one made."},
		{kind: store.ErrEmailTaken, status: conflict, code: "email_taken", title: "E-mail address taken", detail: store.ErrEmailTaken.Error()},
		{kind: policy.ErrKeyLimit, status: conflict, code: "key_limit_reached", title: "Key limit reached"},
		{kind: policy.ErrKeyExpired, status: conflict, code: "key_expired", title: "Access key expired", detail: "The access key has expired and cannot be refreshed: create a new one.", oauth: "invalid_client", oauthStatus: http.StatusUnauthorized},
		{kind: policy.ErrUserDisabled, status: conflict, code: "user_disabled", title: "User disabled", oauth: "invalid_client", oauthStatus: http.StatusUnauthorized},
		{kind: policy.ErrAcknowledgementRequired, status: conflict, code: "acknowledgement_required", title: "Acknowledgement required"},
		{kind: store.ErrConflict, status: conflict, code: "conflict", title: "Conflict", detail: store.ErrConflict.Error(), oauth: "temporarily_unavailable", oauthStatus: http.StatusServiceUnavailable},

		{kind: policy.ErrInvalidPeriod, status: unprocessable, code: "invalid_period", title: "Invalid period"},
		{kind: policy.ErrInvalidRelease, status: unprocessable, code: "invalid_release", title: "Invalid release"},
		{kind: policy.ErrInvalidID, status: unprocessable, code: "invalid_id", title: "Invalid ID"},
		{kind: policy.ErrInvalidEmail, status: unprocessable, code: "invalid_email", title: "Invalid e-mail address"},
		{kind: policy.ErrInvalidName, status: unprocessable, code: "invalid_name", title: "Invalid name"},
		{kind: policy.ErrInvalidLabel, status: unprocessable, code: "invalid_label", title: "Invalid label"},
		{kind: policy.ErrInvalidRole, status: unprocessable, code: "invalid_role", title: "Invalid role"},
		{kind: policy.ErrInvalidScope, status: unprocessable, code: "invalid_scope", title: "Invalid scope", oauth: "invalid_scope", oauthStatus: badRequest},
		{kind: policy.ErrInvalidOverlap, status: unprocessable, code: "invalid_overlap", title: "Invalid overlap"},
		{kind: policy.ErrInvalidPassword, status: unprocessable, code: "invalid_password", title: "Invalid password"},
		{kind: policy.ErrNotMember, status: unprocessable, code: "not_a_member", title: "Not a member", oauth: "invalid_client", oauthStatus: http.StatusUnauthorized},

		{
			kind: store.ErrSchemaTooNew, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable",
			detail: "This server is older than its data, and changes nothing until it is upgraded.", oauth: "temporarily_unavailable",
		},
		{kind: store.ErrUnavailable, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable", detail: unavailableDetail, oauth: "temporarily_unavailable"},
		{kind: context.DeadlineExceeded, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable", detail: unavailableDetail, oauth: "temporarily_unavailable"},
		{kind: context.Canceled, status: http.StatusServiceUnavailable, code: "unavailable", title: "Unavailable", detail: unavailableDetail, oauth: "temporarily_unavailable"}, // the client has gone; nobody reads this
		{kind: nil, status: http.StatusInternalServerError, code: "internal", title: "Internal error", detail: internalDetail, oauth: "server_error"},
	}
}

// errorTable renders errors. It is immutable.
type errorTable []rendering

// find returns the row of an error, with the text for the caller filled in.
func (t errorTable) find(err error) rendering {
	row := t[len(t)-1]
	for _, candidate := range t[:len(t)-1] {
		if errors.Is(err, candidate.kind) {
			row = candidate
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
