package grants

import (
	"context"
	"errors"
	"net/http"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
)

const typeClientCredentials = "client_credentials"

// clientCredentials exchanges an access key for a token (RFC 6749 section 4.4).
type clientCredentials struct {
	endpoint    *Endpoint
	credentials clients.Credentials
	tenantID    string // as named by the request, must be the key's own (R1); empty if the request names none
}

func (e *Endpoint) parseClientCredentials(r *http.Request, form web.Form) (Grant, error) {
	credentials, err := clients.ParseCredentials(r, form)
	return &clientCredentials{endpoint: e, credentials: credentials}, err
}

func (*clientCredentials) Type() string { return typeClientCredentials }

func (g *clientCredentials) Authenticate(ctx context.Context, from *web.Info) (Holder, error) {
	client, err := g.endpoint.Clients.Authenticate(ctx, g.credentials, from)
	holder := Holder{
		Subject: client.Subject, ClientID: client.Key.ClientID, Scopes: client.Key.Scopes, Audiences: client.Key.Audiences,
		Secret: client.Secret, Quota: client.Key.TokensPerMinute, Lifetime: client.Key.TokenLifetime(g.endpoint.Lifetime),
	}
	if client.Account.ID != "" {
		holder.Source = store.TrafficSource{AccountID: client.Account.ID, TenantID: client.Tenant.ID, ClientID: g.credentials.ClientID}
	}
	switch {
	case err != nil:
		return holder, err
	case g.tenantID != "" && g.tenantID != client.Tenant.ID:
		g.Refused(holder, store.RefusedRequest, from)
		return holder, &clients.RefusedError{Reason: store.RefusedRequest, As: web.ErrInvalidClient}
	}
	holder.Expiry = client.Key.Expiry(client.Account.Expiration)
	return holder, nil
}

// Index is that of the secret. What was disabled or suspended since the client was authenticated is refused as if it had been before.
func (g *clientCredentials) Index(ctx context.Context, h Holder, now time.Time) (uint64, error) {
	index, err := g.endpoint.Indexes.SecretIndex(ctx, h.Subject, h.ClientID, h.Secret, now)
	switch {
	case errors.Is(err, policy.ErrNotMember):
		err = &clients.RefusedError{Reason: store.RefusedUserDisabled, As: policy.ErrUserDisabled}
	case errors.Is(err, policy.ErrKeySuspended):
		err = &clients.RefusedError{Reason: store.RefusedSuspended, As: err}
	case errors.Is(err, policy.ErrTenantSuspended):
		err = &clients.RefusedError{Reason: store.RefusedTenantSuspended, As: err}
	}
	return index, err
}

// Refused tells the audit trail, at most once a minute.
func (g *clientCredentials) Refused(h Holder, reason store.Outcome, from *web.Info) {
	g.endpoint.Usage.Refusals.Note(h.ClientID, from.Address, reason, from.At)
}

// Used records the last access of the key (R7).
func (g *clientCredentials) Used(h Holder, from *web.Info) {
	g.endpoint.Usage.Access.Note(store.KeyRef{TenantID: h.Tenant.ID, ClientID: h.ClientID}, h.Secret.IssuedAt, from.At, from.Address)
}

// Warn adds nothing: access keys are not deprecated.
func (*clientCredentials) Warn(http.Header) {}
