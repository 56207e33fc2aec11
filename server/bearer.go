package server

import (
	"net/http"
	"regexp"
	"slices"

	"mintkey/admin"
	"mintkey/server/web"
	"mintkey/tokens"
)

// One space and one token68 (RFC 6750 section 2.1, RFC 9110 section 11.2). The scheme's case does not matter.
var bearerPattern = regexp.MustCompile(`^(?i:bearer) ([A-Za-z0-9._~+/-]+=*)$`)

// bearerToken takes the token from the one Authorization header. A token in the query or the body is not looked at.
func bearerToken(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return "", web.ErrUnauthorized
	case len(headers) > 1:
		return "", web.Refuse(web.ErrInvalidRequest, "There is more than one Authorization header.")
	}
	match := bearerPattern.FindStringSubmatch(headers[0])
	if match == nil {
		return "", web.ErrInvalidToken
	}
	return match[1], nil
}

// authenticateCaller judges the token of a request to the administration API.
func (s *Server) authenticateCaller(r *web.Request) (admin.Actor, error) {
	text, err := bearerToken(r.Request)
	if err != nil {
		return admin.Actor{}, err
	}
	live, err := s.judgeToken(r.Context(), text, r.At)
	if err != nil {
		return admin.Actor{}, err
	}
	actor := admin.Actor{Subject: live.Subject, ClientID: live.claims.ClientID, Via: "api", Address: r.Address, RequestID: r.ID, At: r.At}
	if !fromPassword(live.claims) { // a token from a password administers nothing (R27)
		actor.Scopes = live.scopes
	}
	return actor, nil
}

func (s *Server) isOwnAudience(names tokens.Audience) bool {
	return slices.ContainsFunc(s.audiences, func(a Audience) bool { return slices.Contains(names, a.Name) })
}
