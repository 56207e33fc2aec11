package server

import (
	"net/http"
	"time"

	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// revoke ends one token of the client that asks (RFC 7009). A token that is dead already is no error; another client's is refused.
// The answer is 200 only when every replica can know.
func (s *Server) revoke(w http.ResponseWriter, r *web.Request) error {
	if err := s.revokeToken(w, r); err != nil {
		return err
	}
	web.SetNoStore(w.Header())
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) revokeToken(w http.ResponseWriter, r *web.Request) error {
	form, err := web.ParseForm(w, r.Request)
	if err != nil {
		return err
	}
	credentials, err := parseClientCredentials(r, form)
	if err != nil {
		return err
	}
	c, err := s.authenticateClient(r, credentials)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	now := r.At
	claims, err := s.ring.Verify(form.Get("token"), tokens.TypeAccessToken, now)
	switch {
	case err != nil:
		return nil //nolint:nilerr // RFC 7009 section 2.2: an invalid token needs no revoking
	case claims.ClientID != c.key.ClientID:
		return web.Refuse(web.ErrForeignToken, "The token was issued to another client.")
	}
	return s.revocations.Record(r.Context(), store.Revocation{
		TokenID: claims.ID, ClientID: c.key.ClientID, AccountID: c.Account.ID, At: now, Until: claims.ExpiresAt.Add(time.Second),
	})
}
