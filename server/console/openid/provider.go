package openid

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Secret is a string that does not show itself when printed.
type Secret interface{ Reveal() string }

// Options is this server's registration at the provider. Every field except AssumeEmailVerified is required.
type Options struct {
	Issuer              string // exactly as the provider writes it
	ClientID            string
	ClientSecret        Secret
	RedirectURL         string // where the provider sends people back to
	AssumeEmailVerified bool   // accept addresses without email_verified; those that are explicitly unverified are always refused
}

// Provider is a client of an OpenID provider. Its methods may be called from many goroutines.
type Provider struct {
	Options

	client *http.Client
	found  atomic.Pointer[discovery]
}

// New returns a Provider. It does not contact the provider yet.
func New(o Options) *Provider {
	scheme, _, _ := strings.Cut(o.Issuer, ":")
	return &Provider{Options: o, client: newClient(scheme)}
}

// discovery is the provider's metadata (OpenID Connect Discovery 1.0).
type discovery struct {
	*oidc.Provider

	namesIssuer bool // its answers name their issuer (RFC 9207)
	secretStyle oauth2.AuthStyle
	signOut     *url.URL // nil where it has none
}

// discover loads the provider's metadata and caches it. A failure is not cached: the next call tries again.
func (p *Provider) discover(ctx context.Context) (*discovery, error) {
	if known := p.found.Load(); known != nil {
		return known, nil
	}
	provider, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: discovery: %w", ErrUnavailable, err)
	}
	var metadata struct {
		NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
		EndSession  string   `json:"end_session_endpoint"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return nil, fmt.Errorf("%w: discovery: %w", ErrUnavailable, err)
	}
	found := &discovery{provider, metadata.NamesIssuer, oauth2.AuthStyleInHeader, p.signOutOf(metadata.EndSession)}
	if len(metadata.AuthMethods) > 0 && !slices.Contains(metadata.AuthMethods, "client_secret_basic") {
		found.secretStyle = oauth2.AuthStyleInParams
	}
	p.found.Store(found)
	return found, nil
}

// forget clears the cached metadata after a failure: the provider's endpoints may have moved.
func (p *Provider) forget() { p.found.Store(nil) }

func (p *Provider) config(of *discovery) *oauth2.Config {
	endpoint := of.Endpoint()
	endpoint.AuthStyle = of.secretStyle
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: endpoint,
		RedirectURL: p.RedirectURL, Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail},
	}
}
