package grants

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/manage"

	"mintkey/tokens"
)

// generator passes a decision to go-oauth2, whose manager generates the token through the three extension points below. This is the only
// file that imports the library, and all that the library does here is call accessGenerate.Token. Our own pipeline has already parsed,
// authenticated and authorized the request, because the library takes credentials from the URL, runs its handlers before it
// authenticates, and stores every token.
type generator struct {
	manager *manage.Manager
}

func newGenerator(ring *tokens.KeyRing) *generator {
	manager := manage.NewManager()
	manager.MapAccessGenerate(accessGenerate{ring})
	manager.MapClientStorage(grantedClients{})
	manager.MapTokenStorage(noTokenStore{})
	return &generator{manager}
}

// generate turns a decision into a signed token.
func (g *generator) generate(ctx context.Context, decided *decision) (string, error) {
	info, err := g.manager.GenerateAccessToken(context.WithValue(ctx, decisionKey{}, decided), oauth2.ClientCredentials,
		&oauth2.TokenGenerateRequest{ClientID: decided.claims.Subject, Scope: decided.claims.Scope})
	if err != nil {
		return "", fmt.Errorf("generate token: %w", err)
	}
	return info.GetAccess(), nil
}

type decisionKey struct{}

var errNoGrant = errors.New("no grant was decided")

func decisionOf(ctx context.Context) (*decision, error) {
	decided, ok := ctx.Value(decisionKey{}).(*decision)
	if !ok {
		return nil, errNoGrant
	}
	return decided, nil
}

// accessGenerate signs an RFC 9068 access token. There are no refresh tokens: the access key takes their place.
type accessGenerate struct {
	ring *tokens.KeyRing
}

func (a accessGenerate) Token(ctx context.Context, _ *oauth2.GenerateBasic, _ bool) (access, refresh string, err error) {
	decided, err := decisionOf(ctx)
	if err != nil {
		return "", "", err
	}
	access, err = a.ring.Sign(decided.claims.IssuedAt.Time, decided.algorithm, tokens.TypeAccessToken, &decided.claims)
	return access, "", err
}

// grantedClients has only the client that the pipeline has just authenticated.
type grantedClients struct{}

func (grantedClients) GetByID(ctx context.Context, id string) (oauth2.ClientInfo, error) {
	decided, err := decisionOf(ctx)
	if err != nil || decided.claims.Subject != id {
		return nil, errNoGrant
	}
	return grantedClient{id}, nil
}

type grantedClient struct {
	id string
}

func (c grantedClient) GetID() string   { return c.id }
func (grantedClient) GetSecret() string { return "" }
func (grantedClient) GetDomain() string { return "" }
func (grantedClient) IsPublic() bool    { return false }
func (grantedClient) GetUserID() string { return "" }

// VerifyPassword keeps the library from comparing with an empty secret. The pipeline has checked the real one, and only it can
// put a grant into the context that GetByID needs.
func (grantedClient) VerifyPassword(string) bool { return true }

// noTokenStore stores nothing: a gateway validates a token by its signature, so tokens need no record.
type noTokenStore struct{}

func (noTokenStore) Create(context.Context, oauth2.TokenInfo) error { return nil }
func (noTokenStore) RemoveByCode(context.Context, string) error     { return nil }
func (noTokenStore) RemoveByAccess(context.Context, string) error   { return nil }
func (noTokenStore) RemoveByRefresh(context.Context, string) error  { return nil }
func (noTokenStore) GetByCode(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errNoGrant
}

func (noTokenStore) GetByAccess(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errNoGrant
}

func (noTokenStore) GetByRefresh(context.Context, string) (oauth2.TokenInfo, error) {
	return nil, errNoGrant
}
