package server

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/tokens"
)

const grantClientCredentials = "client_credentials"

// expiryHeader tells a program that its key expires soon (R25).
const expiryHeader = "Mintkey-Key-Expires"

// tokenResponse is the body of RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
	Scope       string `json:"scope"`
}

// token is the token endpoint (RFC 6749 section 3.2): parse, authenticate, authorize, generate.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	issued, err := s.issue(w, r)
	if err != nil {
		s.metrics.refused(s.errors.find(err).oauth)
		s.writeOAuthError(w, r, err)
		return
	}
	s.announce(w, r, issued)
	setNoStore(w.Header())
	writeJSON(w, http.StatusOK, issued.response())
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request) (issuedToken, error) {
	form, err := parseForm(w, r)
	if err != nil {
		return issuedToken{}, err
	}
	switch grantType := form.Get("grant_type"); grantType {
	case grantClientCredentials:
		credentials, err := parseClientCredentials(r, form)
		if err != nil {
			return issuedToken{}, err
		}
		return s.clientCredentialsGrant(r.Context(), credentials, "", form)
	case grantPassword:
		login := passwordLogin{form.Get("tenant_id"), form.Get("username"), form.Get("password")}
		if login.tenantID == "" || login.username == "" || login.password == "" {
			return issuedToken{}, refuse(errInvalidRequest, "The password grant needs tenant_id, username and password.")
		}
		return s.passwordGrant(r.Context(), login, form)
	case "":
		return issuedToken{}, refuse(errInvalidRequest, "The parameter grant_type is missing.")
	default:
		return issuedToken{}, refuse(errUnsupportedGrantType, "grant_type must be %s or %s.", grantClientCredentials, grantPassword)
	}
}

// grant is a decision to issue a token: all that the generator must know.
type grant struct {
	claims    tokens.Claims
	algorithm tokens.Algorithm
	keyExpiry time.Time // zero: never
}

// issuedToken is a grant that became a token.
type issuedToken struct {
	grant
	text string
}

func (t issuedToken) response() tokenResponse {
	lifetime := t.claims.ExpiresAt.Sub(t.claims.IssuedAt)
	return tokenResponse{t.text, "Bearer", int64(lifetime / time.Second), t.claims.Scope}
}

// authorizeScopes cuts the scopes of the key to those asked for and to what the owner's role still allows (R9). Asking for one
// that the key does not have is invalid_scope.
func (s *Server) authorizeScopes(subject policy.Subject, keyScopes []string, requested string) ([]string, error) {
	scopes := keyScopes
	if requested != "" {
		scopes = nil
		for scope := range strings.SplitSeq(requested, " ") {
			if !slices.Contains(keyScopes, scope) {
				return nil, refuse(errScopeNotGranted, "The access key does not have the scope %.60q; it has: %s.", scope, strings.Join(keyScopes, " "))
			}
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	allowed := subject.Cut(scopes, s.catalogue)
	if len(allowed) == 0 {
		return nil, refuse(errScopeNotGranted, "The role of the key's owner no longer allows any of these scopes: %s.", strings.Join(scopes, " "))
	}
	return allowed, nil
}

// chooseAudience finds the resources among those configured (RFC 8707). Without any, the first configured is meant; an empty
// one counts as left out (RFC 6749 section 3.2).
func (s *Server) chooseAudience(resources []string) (tokens.Audience, tokens.Algorithm, error) {
	resources = slices.DeleteFunc(slices.Clone(resources), func(resource string) bool { return resource == "" })
	if len(resources) == 0 {
		return tokens.Audience{s.audiences[0].Name}, s.audiences[0].Algorithm, nil
	}
	var names tokens.Audience
	var algorithm tokens.Algorithm
	for _, resource := range resources {
		i := slices.IndexFunc(s.audiences, func(a Audience) bool { return a.Name == resource })
		if i < 0 {
			return nil, "", refuse(errInvalidTarget, "There is no resource %.100q here.", resource)
		}
		if algorithm != "" && algorithm != s.audiences[i].Algorithm {
			return nil, "", refuse(errInvalidTarget, "These resources need different signature algorithms: ask for one token each.")
		}
		algorithm = s.audiences[i].Algorithm
		if !slices.Contains(names, resource) {
			names = append(names, resource)
		}
	}
	return names, algorithm, nil
}

// announce warns a program in good time: that its key expires soon (R25), or that passwords will not work for ever (R22).
func (s *Server) announce(w http.ResponseWriter, r *http.Request, t issuedToken) {
	if policy.ExpiresWithin(t.keyExpiry, aboutRequest(r.Context()).At, policy.SoonDays) {
		w.Header().Set(expiryHeader, t.keyExpiry.UTC().Format(time.RFC3339))
	}
	if fromPassword(t.claims) {
		s.announceDeprecation(w.Header())
	}
}

func setNoStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}
