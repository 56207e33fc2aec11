package server

import (
	"encoding/json"
	"net/http"
	"net/url"

	"mintkey/policy"
)

// These two paths let existing LoadRunner Cloud plugins work by changing one URL. Their answer has the one member
// that the plugins read, and their errors the "message" that the plugins show.

type compatToken struct {
	Token string `json:"token"`
}

// compatAuthClient exchanges {"client_id","client_secret"} for a token.
func (s *Server) compatAuthClient(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if !s.readCompat(w, r, &body) {
		return
	}
	s.answerCompat(w, r, clientCredentials{body.ClientID, policy.ClientSecretFromRequest(body.ClientSecret)})
}

// compatAuth takes {"user","password"}. The Jenkins plugin sends a client ID and its secret here too.
func (s *Server) compatAuth(w http.ResponseWriter, r *http.Request) {
	var body struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	if !s.readCompat(w, r, &body) {
		return
	}
	s.answerCompat(w, r, clientCredentials{body.User, policy.ClientSecretFromRequest(body.Password)})
}

func (s *Server) readCompat(w http.ResponseWriter, r *http.Request, body any) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := json.NewDecoder(r.Body).Decode(body); err != nil { // unknown fields are ignored: the plugins are not ours
		s.writeCompatError(w, r, refuse(errInvalidRequest, "The body must be a JSON object."))
		return false
	}
	if r.URL.Query().Get("TENANTID") == "" {
		s.writeCompatError(w, r, refuse(errInvalidRequest, "The query parameter TENANTID is missing."))
		return false
	}
	return true
}

func (s *Server) answerCompat(w http.ResponseWriter, r *http.Request, credentials clientCredentials) {
	issued, err := s.compatGrant(r, credentials)
	if err != nil {
		s.metrics.refused(s.errors.find(err).oauth)
		s.writeCompatError(w, r, err)
		return
	}
	s.announceExpiry(w, r, issued)
	setNoStore(w.Header())
	writeJSON(w, http.StatusOK, compatToken{issued.text})
}

func (s *Server) compatGrant(r *http.Request, credentials clientCredentials) (issuedToken, error) {
	subject, key, err := s.authenticateClient(r.Context(), credentials, aboutRequest(r.Context()).At)
	if err != nil {
		return issuedToken{}, err
	}
	if subject.Tenant.ID != r.URL.Query().Get("TENANTID") {
		return issuedToken{}, errUnknownClient // a key opens nothing in another tenant (R1)
	}
	return s.issueTo(r.Context(), subject, key, url.Values{})
}
