package oauth

import (
	"context"
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
	if len(r.Header.Values("Authorization")) == 0 && form.Get("client_secret") == "" {
		return e.revokeByHolder(r, form)
	}
	credentials, err := clients.ParseCredentials(r.Request, form)
	if err != nil {
		return err
	}
	c, err := e.Clients.Authenticate(r.Context(), credentials, r.Info)
	if err != nil {
		return err
	}
	e.noteUse(r, c.Subject, c.Key, c.Secret)
	if form.Get("token") == "" {
		return web.Refuse(web.ErrInvalidRequest, "The parameter token is missing.")
	}
	claims, err := e.Ring.Verify(form.Get("token"), tokens.TypeAccessToken, r.At)
	switch {
	case err != nil:
		return nil //nolint:nilerr // RFC 7009 section 2.2: an invalid token needs no revoking
	case claims.ClientID != c.Key.ClientID && !claims.FromPassword():
		return web.Refuse(web.ErrForeignToken, "The token was issued to another client.")
	}
	return e.recordRevocation(r, claims)
}

// revokeByHolder revokes a token from a password. Such a token has no client that could authenticate, so whoever holds it may end it; a
// client_id must be the user's ID, as in the token.
func (e *Endpoints) revokeByHolder(r *web.Request, form web.Form) error {
	claims, err := e.Ring.Verify(form.Get("token"), tokens.TypeAccessToken, r.At)
	if err != nil || !claims.FromPassword() {
		return web.ErrInvalidClient
	}
	r.Tenant, r.User, r.Client = claims.TenantID, claims.UserID, claims.ClientID
	if named := form.Get("client_id"); named != "" && named != claims.ClientID {
		return web.Refuse(web.ErrForeignToken, "The token was issued to another client.")
	}
	return e.recordRevocation(r, claims)
}

// recordRevocation is store.ErrUnconfirmed if the token is revoked, here and on every server, but no replica of the store has it yet.
func (e *Endpoints) recordRevocation(r *web.Request, claims tokens.Claims) error {
	return store.ConfirmOnce(r.Context(), func(ctx context.Context) error {
		repeated := e.Log.Revoked(claims.ID, 0)
		err := e.Log.RecordOnce(ctx, store.Revocation{
			TokenID: claims.ID, ClientID: claims.ClientID, AccountID: claims.AccountID, At: r.At, Until: claims.ExpiresAt.Add(time.Second),
		})
		if err == nil && repeated { // nothing was written, and the first time may have been unconfirmed
			err = e.Replication.Confirm(ctx, "")
		}
		return err
	})
}
