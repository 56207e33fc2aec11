package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// These two paths let existing LoadRunner Cloud plugins work by changing one URL. Their answer has the one member
// that the plugins read, and their errors the "message" that the plugins show.

type compatToken struct {
	Token string `json:"token"`
}

// compatAuthClient exchanges {"client_id","client_secret"} for a token.
func (s *Server) compatAuthClient(w http.ResponseWriter, r *web.Request) error {
	var body struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if err := readCompat(w, r, &body); err != nil {
		return err
	}
	return s.answerCompat(w, r, clientCredentials{body.ClientID, policy.ClientSecretFromRequest(body.ClientSecret)}, false)
}

// compatAuth takes {"user","password"}. The Jenkins plugin sends a client ID and its secret here too.
func (s *Server) compatAuth(w http.ResponseWriter, r *web.Request) error {
	var body struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	if err := readCompat(w, r, &body); err != nil {
		return err
	}
	return s.answerCompat(w, r, clientCredentials{body.User, policy.ClientSecretFromRequest(body.Password)}, true)
}

func readCompat(w http.ResponseWriter, r *web.Request, body any) error {
	if err := web.ReadForeignJSON(w, r.Request, body); err != nil {
		return err
	}
	if r.URL.Query().Get("TENANTID") == "" {
		return web.Refuse(web.ErrInvalidRequest, "The query parameter TENANTID is missing.")
	}
	return nil
}

func (s *Server) answerCompat(w http.ResponseWriter, r *web.Request, credentials clientCredentials, person bool) error {
	issued, err := s.compatGrant(r, credentials, person)
	if err != nil {
		s.metrics.refused(s.render.Code(err))
		return err
	}
	s.announce(w, r, issued)
	web.SetNoStore(w.Header())
	web.WriteJSON(w, http.StatusOK, compatToken{issued.text})
	return nil
}

// compatGrant takes a client ID and its secret or, at /v1/auth, a person's name and password.
func (s *Server) compatGrant(r *web.Request, credentials clientCredentials, person bool) (issuedToken, error) {
	tenantID := r.URL.Query().Get("TENANTID")
	if credentials.clientID == "" || credentials.secret.Reveal() == "" {
		return issuedToken{}, web.ErrInvalidClient
	}
	if person {
		known, err := s.isClient(r.Context(), credentials.clientID)
		if err != nil {
			return issuedToken{}, err
		}
		if !known {
			return s.passwordGrant(r, passwordLogin{tenantID, credentials.clientID, credentials.secret.Reveal()}, url.Values{})
		}
	}
	return s.clientCredentialsGrant(r, credentials, tenantID, url.Values{})
}

// isClient says whether a name at /v1/auth is a client ID: by its form, or because an access key of another form has it. Forms are configurable, so that
// keys of an older one may be about.
func (s *Server) isClient(ctx context.Context, name string) (bool, error) {
	if policy.IsClientID(name, s.office.ClientIDPrefix, s.office.ClientIDSuffix) {
		return true, nil
	}
	_, err := s.store.SubjectByClientID(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
