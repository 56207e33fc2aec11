package web

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/store"
)

// oauthError is the body of an error of an OAuth endpoint (RFC 6749 section 5.2). Message repeats the description for clients of the
// compatible paths, which show nothing else.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message,omitempty"`
}

// Renderer writes errors as answers. Make one with NewRenderer; its methods may be called from many goroutines.
type Renderer struct {
	realm string
	log   *slog.Logger
	table errorTable
}

// NewRenderer returns a renderer whose challenges name the realm. It logs the details of a failure that callers must not see.
func NewRenderer(realm string, log *slog.Logger) *Renderer {
	return &Renderer{realm, log, renderings()}
}

// Code is the OAuth error code of an error (RFC 6749 section 5.2).
func (e *Renderer) Code(err error) string { return e.table.find(err).oauth }

// TokenCodes are the codes with which the token endpoint may answer, in alphabetical order.
func (e *Renderer) TokenCodes() []string {
	codes := map[string]bool{"server_error": true}
	for _, row := range e.table {
		switch row.oauth {
		case "", "invalid_token", "insufficient_scope": // of Bearer tokens (RFC 6750 section 3.1)
		default:
			codes[row.oauth] = true
		}
	}
	return slices.Sorted(maps.Keys(codes))
}

// Problem renders an error of the administration API.
func (e *Renderer) Problem(w http.ResponseWriter, r *http.Request, err error) {
	row := e.table.find(err)
	id := e.note(r, row.status, err)
	body := api.Problem{Type: "about:blank", Title: row.title, Status: row.status, Detail: row.detail, Code: row.code, RequestID: id}
	if limit, ok := errors.AsType[*policy.KeyLimitError](err); ok {
		body.ClientIDs = limit.ClientIDs
	}
	if above, ok := errors.AsType[*policy.ScopeAboveOwnerError](err); ok {
		body.Allowed = above.Allowed
	}
	if missing, ok := errors.AsType[*policy.ScopeNotHeldError](err); ok {
		body.Allowed = missing.Held
	}
	body.Forgotten = errors.Is(err, store.ErrPositionForgotten)
	setErrorHeaders(w.Header(), row.status, e.bearerChallenge(row, err), err)
	writeJSONAs(w, "application/problem+json", row.status, body)
}

// OAuth renders an error of an OAuth endpoint.
func (e *Renderer) OAuth(w http.ResponseWriter, r *http.Request, err error) {
	row := e.table.find(err)
	e.note(r, row.oauthStatus, err)
	setErrorHeaders(w.Header(), row.oauthStatus, e.oauthChallenge(row, err), err)
	WriteJSON(w, row.oauthStatus, oauthError{Error: row.oauth, Description: row.description()})
}

// Compat is OAuth with the "message" that existing plugins show.
func (e *Renderer) Compat(w http.ResponseWriter, r *http.Request, err error) {
	row := e.table.find(err)
	e.note(r, row.oauthStatus, err)
	setErrorHeaders(w.Header(), row.oauthStatus, e.oauthChallenge(row, err), err)
	text := row.description()
	WriteJSON(w, row.oauthStatus, oauthError{Error: row.oauth, Description: text, Message: text})
}

func setErrorHeaders(h http.Header, status int, challenge string, err error) {
	SetNoStore(h)
	switch status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "2")
	case http.StatusTooManyRequests:
		if later, ok := errors.AsType[retryLater](err); ok {
			h.Set("Retry-After", strconv.Itoa(wholeSeconds(later.RetryAfter())))
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		if challenge != "" {
			h.Set("WWW-Authenticate", challenge)
		}
	}
}

// oauthChallenge returns the challenge for the scheme that the request tried: Bearer if it presented a token, otherwise Basic; and none for
// a client that has authenticated and may not do what it asks for.
func (e *Renderer) oauthChallenge(row rendering, err error) string {
	if _, ok := errors.AsType[*clientError](err); ok { // other credentials of the same client would not help
		return ""
	}
	if challenge := e.bearerChallenge(row, err); challenge != "" {
		return challenge
	}
	return fmt.Sprintf("Basic realm=%q", e.realm)
}

// bearerChallenge returns the WWW-Authenticate of RFC 6750 section 3, without an error code if no token was presented.
func (e *Renderer) bearerChallenge(row rendering, err error) string {
	challenge := fmt.Sprintf("Bearer realm=%q", e.realm)
	switch row.oauth {
	case "invalid_token":
		if !errors.Is(err, ErrUnauthorized) {
			challenge += fmt.Sprintf(`, error="invalid_token", error_description=%q`, descriptionText(row.detail))
		}
	case "insufficient_scope":
		challenge += `, error="insufficient_scope"`
		if missing, ok := errors.AsType[*admin.ScopeError](err); ok {
			challenge += fmt.Sprintf(", scope=%q", missing.AnyOf)
		}
	default:
		return ""
	}
	return challenge
}

// description is the error_description. It is the same for an unknown client, a wrong secret and a revoked key (R24).
func (r rendering) description() string {
	if r.oauth == "invalid_client" {
		return clientDetail
	}
	return descriptionText(r.detail)
}

// descriptionText replaces the characters that error_description may not have (RFC 6749 section 5.2).
func descriptionText(text string) string {
	out := []byte(text)
	for i, c := range out {
		switch {
		case c == '"':
			out[i] = '\''
		case c < 0x20 || c > 0x7E || c == '\\':
			out[i] = '?'
		}
	}
	return string(out)
}

// wholeSeconds rounds up, so that the client does not retry too early.
func wholeSeconds(d time.Duration) int { return max(int((d+time.Second-1)/time.Second), 1) }

// note sets the error of the request's log line, logs an internal error itself, and returns the request's ID.
func (e *Renderer) note(r *http.Request, status int, err error) (id string) {
	if info, missing := About(r.Context()); missing == nil {
		id, info.Err = info.ID, err
	}
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		e.log.ErrorContext(r.Context(), "request failed", slog.String("request_id", id), slog.String("path", ForLog(r.URL.Path)),
			slog.String("error", policy.WithoutSecrets(err.Error())))
	}
	return id
}
