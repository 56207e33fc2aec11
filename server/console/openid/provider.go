package openid

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Secret hides its text from whoever prints it.
type Secret interface{ Reveal() string }

// Options is how the provider knows this server. Every field is required but AssumeEmailVerified.
type Options struct {
	Issuer              string // as the provider spells it, letter by letter
	ClientID            string
	ClientSecret        Secret
	RedirectURL         string // where the provider sends people back to
	AssumeEmailVerified bool   // accept an address about which the provider says nothing; one that it calls unverified is refused all the same
}

// Provider is an OpenID provider, as seen by its client. Its methods may be called from many goroutines.
type Provider struct {
	Options

	client *http.Client
	found  atomic.Pointer[discovery]
}

// New asks nothing of the provider yet.
func New(o Options) *Provider {
	scheme, _, _ := strings.Cut(o.Issuer, ":")
	return &Provider{Options: o, client: newClient(scheme)}
}

// discovery is what the provider says of itself (OpenID Connect Discovery 1.0).
type discovery struct {
	*oidc.Provider

	namesIssuer bool // its answers say whose they are (RFC 9207)
	secretStyle oauth2.AuthStyle
}

// discover asks the provider once and remembers the answer. A provider that can't be reached is asked again the next time.
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
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return nil, fmt.Errorf("%w: discovery: %w", ErrUnavailable, err)
	}
	found := &discovery{provider, metadata.NamesIssuer, oauth2.AuthStyleInHeader}
	if len(metadata.AuthMethods) > 0 && !slices.Contains(metadata.AuthMethods, "client_secret_basic") {
		found.secretStyle = oauth2.AuthStyleInParams
	}
	p.found.Store(found)
	return found, nil
}

// forget is for when something failed: the provider may have moved.
func (p *Provider) forget() { p.found.Store(nil) }

func (p *Provider) config(of *discovery) *oauth2.Config {
	endpoint := of.Endpoint()
	endpoint.AuthStyle = of.secretStyle
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(), Endpoint: endpoint,
		RedirectURL: p.RedirectURL, Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail},
	}
}
