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

// passage is what goes through the library in its context: what is to be signed, and what the library asks for on the way, in one piece of
// memory.
type passage struct {
	context.Context

	algorithm tokens.Algorithm
	claims    tokens.Claims
	audience  [1]string // of the claims
	request   oauth2.TokenGenerateRequest
}

type passageKey struct{}

// Value returns the passage itself for its key.
func (p *passage) Value(key any) any {
	if key == (passageKey{}) {
		return p
	}
	return p.Context.Value(key)
}

// generate turns a decision into a signed token.
func (g *generator) generate(p *passage) (string, error) {
	p.request.ClientID, p.request.Scope = p.claims.Subject, p.claims.Scope
	info, err := g.manager.GenerateAccessToken(p, oauth2.ClientCredentials, &p.request)
	if err != nil {
		return "", fmt.Errorf("generate token: %w", err)
	}
	return info.GetAccess(), nil
}

var errNoGrant = errors.New("no grant was decided")

func passageOf(ctx context.Context) (*passage, error) {
	p, ok := ctx.Value(passageKey{}).(*passage)
	if !ok {
		return nil, errNoGrant
	}
	return p, nil
}

// accessGenerate signs an RFC 9068 access token. There are no refresh tokens: the access key takes their place.
type accessGenerate struct {
	ring *tokens.KeyRing
}

func (a accessGenerate) Token(ctx context.Context, _ *oauth2.GenerateBasic, _ bool) (access, refresh string, err error) {
	p, err := passageOf(ctx)
	if err != nil {
		return "", "", err
	}
	access, err = a.ring.Sign(p.claims.IssuedAt.Time, p.algorithm, tokens.TypeAccessToken, &p.claims)
	return access, "", err
}

// grantedClients has only the client that the pipeline has just authenticated.
type grantedClients struct{}

func (grantedClients) GetByID(ctx context.Context, id string) (oauth2.ClientInfo, error) {
	p, err := passageOf(ctx)
	if err != nil || p.claims.Subject != id {
		return nil, errNoGrant
	}
	return (*grantedClient)(p), nil
}

// grantedClient is the client of a passage.
type grantedClient passage

func (c *grantedClient) GetID() string   { return c.claims.Subject }
func (*grantedClient) GetSecret() string { return "" }
func (*grantedClient) GetDomain() string { return "" }
func (*grantedClient) IsPublic() bool    { return false }
func (*grantedClient) GetUserID() string { return "" }

// VerifyPassword keeps the library from comparing with an empty secret. The pipeline has checked the real one, and only it can
// put a passage into the context that GetByID needs.
func (*grantedClient) VerifyPassword(string) bool { return true }

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
