package openid

import (
	"context"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// maxHint is the longest ID token that is kept for the sign-out: it goes back in a URL.
const maxHint = 4 << 10

// signOutOf is the provider's end_session_endpoint, or nil. It has to be as well protected as the issuer: the hint names the person.
func (p *Provider) signOutOf(endpoint string) *url.URL {
	scheme, _, _ := strings.Cut(p.Issuer, ":")
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != scheme {
		return nil
	}
	return u
}

// SignOut returns the provider's URL at which the person with the ID token signs out there too, and comes back with the state (OpenID
// Connect RP-Initiated Logout 1.0, section 2). It is ErrUnavailable where the provider has none.
func (p *Provider) SignOut(ctx context.Context, idToken, back, state string) (string, error) {
	of, err := p.discover(oidc.ClientContext(ctx, p.client))
	if err != nil {
		return "", err
	}
	if of.signOut == nil {
		return "", ErrUnavailable
	}
	to := *of.signOut
	query := to.Query()
	for name, value := range map[string]string{
		"id_token_hint": idToken, "client_id": p.ClientID, "post_logout_redirect_uri": back, "state": state,
	} {
		query.Set(name, value)
	}
	to.RawQuery = query.Encode()
	return to.String(), nil
}
