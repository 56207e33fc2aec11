package server

import (
	"net/http"
	"regexp"
	"slices"

	"mintkey/admin"
	"mintkey/tokens"
)

// One space and one token68 (RFC 6750 section 2.1, RFC 9110 section 11.2). The scheme's case does not matter.
var bearerPattern = regexp.MustCompile(`^(?i:bearer) ([A-Za-z0-9._~+/-]+=*)$`)

// bearerToken takes the token from the one Authorization header. A token in the query or the body is not looked at.
func bearerToken(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return "", errUnauthorized
	case len(headers) > 1:
		return "", refuse(errInvalidRequest, "There is more than one Authorization header.")
	}
	match := bearerPattern.FindStringSubmatch(headers[0])
	if match == nil {
		return "", errInvalidToken
	}
	return match[1], nil
}

// authenticateCaller judges the token of a request to the administration API.
func (s *Server) authenticateCaller(r *http.Request) (admin.Actor, error) {
	text, err := bearerToken(r)
	if err != nil {
		return admin.Actor{}, err
	}
	about := aboutRequest(r.Context())
	live, err := s.judgeToken(r.Context(), text, about.At)
	if err != nil {
		return admin.Actor{}, err
	}
	actor := admin.Actor{Subject: live.Subject, ClientID: live.claims.ClientID, Via: "api", Address: about.Address, RequestID: about.ID, At: about.At}
	if !fromPassword(live.claims) { // a token from a password administers nothing (R27)
		actor.Scopes = live.scopes
	}
	return actor, nil
}

func (s *Server) isOwnAudience(names tokens.Audience) bool {
	return slices.ContainsFunc(s.audiences, func(a Audience) bool { return slices.Contains(names, a.Name) })
}
