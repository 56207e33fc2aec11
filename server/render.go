package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/limits"
)

// problem is the body of an error of the administration API (RFC 9457).
type problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	ClientIDs []string `json:"client_ids,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
}

// oauthError is the body of an error of an OAuth endpoint (RFC 6749 section 5.2). Message repeats the description for
// clients of the compatible paths, which show nothing else.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message,omitempty"`
}

// writeProblem renders an error of the administration API.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	row, about := s.errors.find(err), aboutRequest(r.Context())
	s.noteError(r, row.status, err)
	body := problem{"about:blank", row.title, row.status, row.detail, row.code, nil, about.ID}
	if limit, ok := errors.AsType[*policy.KeyLimitError](err); ok {
		body.ClientIDs = limit.ClientIDs
	}
	setErrorHeaders(w.Header(), row.status, s.bearerChallenge(row, err), err)
	writeJSONAs(w, "application/problem+json", row.status, body)
}

// writeOAuthError renders an error of an OAuth endpoint.
func (s *Server) writeOAuthError(w http.ResponseWriter, r *http.Request, err error) {
	row := s.errors.find(err)
	s.noteError(r, row.oauthStatus, err)
	setErrorHeaders(w.Header(), row.oauthStatus, s.oauthChallenge(row, err), err)
	writeJSON(w, row.oauthStatus, oauthError{Error: row.oauth, Description: row.description()})
}

// writeCompatError is writeOAuthError with the "message" that existing plugins show.
func (s *Server) writeCompatError(w http.ResponseWriter, r *http.Request, err error) {
	row := s.errors.find(err)
	s.noteError(r, row.oauthStatus, err)
	setErrorHeaders(w.Header(), row.oauthStatus, s.oauthChallenge(row, err), err)
	text := row.description()
	writeJSON(w, row.oauthStatus, oauthError{Error: row.oauth, Description: text, Message: text})
}

func setErrorHeaders(h http.Header, status int, challenge string, err error) {
	setNoStore(h)
	switch status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "2")
	case http.StatusTooManyRequests:
		if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
			h.Set("Retry-After", strconv.Itoa(tooMany.Seconds()))
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		if challenge != "" {
			h.Set("WWW-Authenticate", challenge)
		}
	}
}

// oauthChallenge asks for what the request tried: a token where it showed one, and the client's secret otherwise.
func (s *Server) oauthChallenge(row rendering, err error) string {
	if challenge := s.bearerChallenge(row, err); challenge != "" {
		return challenge
	}
	return fmt.Sprintf("Basic realm=%q", s.issuer)
}

// bearerChallenge is the WWW-Authenticate of RFC 6750 section 3: without an error code when no token was presented.
func (s *Server) bearerChallenge(row rendering, err error) string {
	challenge := fmt.Sprintf("Bearer realm=%q", s.issuer)
	switch row.oauth {
	case "invalid_token":
		if !errors.Is(err, errUnauthorized) {
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

// description is the error_description. It is the same for an unknown client, a wrong secret and a dead key (R24).
func (r rendering) description() string {
	if r.oauth == "invalid_client" {
		return clientDetail
	}
	return descriptionText(r.detail)
}

// descriptionText keeps to the characters that error_description may have (RFC 6749 section 5.2).
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

// noteError leaves the error for the request's log line; an internal one is logged where it happens.
func (s *Server) noteError(r *http.Request, status int, err error) {
	about := aboutRequest(r.Context())
	about.err = err
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "request failed", slog.String("request_id", about.ID), slog.String("path", forLog(r.URL.Path)),
			slog.String("error", policy.WithoutSecrets(err.Error())))
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	writeJSONAs(w, "application/json", status, body)
}

func writeJSONAs(w http.ResponseWriter, mediaType string, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the status is out: a client that hung up cannot be told more
}
