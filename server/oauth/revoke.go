package oauth

import (
	"net/http"
	"time"

	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Revoke revokes one token of the calling client (RFC 7009). A token that is no longer valid is not an error; another client's token is
// refused. The answer is 200 only once the revocation is saved for every replica.
func (e *Endpoints) Revoke(w http.ResponseWriter, r *web.Request) error {
	if err := e.revokeToken(w, r); err != nil {
		return err
	}
	web.SetNoStore(w.Header())
	w.WriteHeader(http.StatusOK)
	return nil
}

func (e *Endpoints) revokeToken(w http.ResponseWriter, r *web.Request) error {
	form, err := web.ParseForm(w, r.Request)
	if err != nil {
		return err
	}
	credentials, err := clients.ParseCredentials(r.Request, form)
	if err != nil {
		return err
	}
	c, err := e.Clients.Authenticate(r.Context(), credentials, r.Info)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	now := r.At
	claims, err := e.Ring.Verify(form.Get("token"), tokens.TypeAccessToken, now)
	switch {
	case err != nil:
		return nil //nolint:nilerr // RFC 7009 section 2.2: an invalid token needs no revoking
	case claims.ClientID != c.Key.ClientID:
		return web.Refuse(web.ErrForeignToken, "The token was issued to another client.")
	}
	return e.Log.Record(r.Context(), store.Revocation{
		TokenID: claims.ID, ClientID: c.Key.ClientID, AccountID: c.Account.ID, At: now, Until: claims.ExpiresAt.Add(time.Second),
	})
}
