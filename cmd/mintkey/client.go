package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

const pageSize = "200"

// tokenRequest has the options of a token.
type tokenRequest struct{ scope, resource string }

// tokenResponse is the answer of the token endpoint, RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	Scope       string `json:"scope"`
	raw         json.RawMessage
	keyExpires  string // Mintkey-Key-Expires: empty while that is more than 30 days away
}

// fetchToken exchanges the access key for a token, and warns when the key is about to expire (R25), or its secret when an overlap
// ends (R6).
func (p *program) fetchToken(ctx context.Context, a access, wanted tokenRequest) (tokenResponse, error) {
	answer, header, err := a.exchangeKey(ctx, wanted)
	if err != nil {
		return tokenResponse{}, err
	}
	p.warnOfExpiry(ctx, a, answer)
	p.warnOfOldSecret(a.clientID, header.Get("Mintkey-Secret-Ends"))
	return answer, nil
}

// exchangeKey is fetchToken without the warnings.
func (a access) exchangeKey(ctx context.Context, wanted tokenRequest) (tokenResponse, http.Header, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if wanted.scope != "" {
		form.Set("scope", wanted.scope)
	}
	if wanted.resource != "" {
		form.Set("resource", wanted.resource)
	}
	endpoint := strings.TrimRight(a.url, "/") + "/oauth2/token"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return tokenResponse{}, nil, fmt.Errorf("ask for a token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header[idempotencyKey] = []string{} // one token too many does no harm
	// RFC 6749 section 2.3.1 wants both form-encoded.
	request.SetBasicAuth(url.QueryEscape(a.clientID), url.QueryEscape(a.secret.Reveal()))
	body, header, err := a.via.send(request)
	if err != nil {
		return tokenResponse{}, nil, fmt.Errorf("ask for a token: %w", a.authenticationHints(err))
	}
	answer := tokenResponse{raw: body, keyExpires: header.Get("Mintkey-Key-Expires")}
	if err := json.Unmarshal(body, &answer); err != nil || answer.AccessToken == "" {
		return tokenResponse{}, nil, fmt.Errorf("ask for a token: %s answered without one", a.url)
	}
	return answer, header, nil
}

// fetchAdminToken fetches a token for the server itself: its audience is the issuer that the metadata names (RFC 8414).
func (p *program) fetchAdminToken(ctx context.Context, a access) (tokenResponse, error) {
	about, err := a.via.metadata(ctx, a.url)
	if err != nil {
		return tokenResponse{}, err
	}
	return p.fetchToken(ctx, a, tokenRequest{resource: about.Issuer})
}

// metadata is the part of a server's metadata (RFC 8414) that commands read.
type metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

func (c *connection) metadata(ctx context.Context, server string) (about metadata, err error) {
	const what = "ask for the issuer"
	endpoint := strings.TrimRight(server, "/") + "/.well-known/oauth-authorization-server"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return about, fmt.Errorf("%s: %w", what, err)
	}
	body, _, err := c.send(request)
	if err != nil {
		return about, fmt.Errorf("%s: %w", what, err)
	}
	if err := json.Unmarshal(body, &about); err != nil || about.Issuer == "" {
		return about, fmt.Errorf("%s: %s answered without one", what, server)
	}
	return about, nil
}

// warnOfExpiry tells of the key's end, and of a way to refresh it that its scopes allow.
func (p *program) warnOfExpiry(ctx context.Context, a access, answer tokenResponse) {
	at, err := time.Parse(time.RFC3339, answer.keyExpires)
	if err != nil {
		return
	}
	p.sayf("warning: access key %s expires at %s; %s\n", a.clientID, showTime(&at), a.howToRefresh(ctx, answer.Scope))
}

// howToRefresh says how this access key is refreshed by the scopes of its token. A token for an API has no administration scopes, so that
// another one has to be asked for.
func (a access) howToRefresh(ctx context.Context, scope string) string {
	if how := refreshBy(scope, a.clientID); how != "" {
		return how
	}
	if about, err := a.via.metadata(ctx, a.url); err == nil {
		if other, _, err := a.exchangeKey(ctx, tokenRequest{resource: about.Issuer}); err == nil {
			scope = other.Scope
		}
	}
	return cmp.Or(refreshBy(scope, a.clientID), "its owner can refresh it in the console, and so can the admins of its tenant")
}

func refreshBy(scope, clientID string) string {
	for _, way := range [][2]string{
		{policy.ScopeKeysWrite, "refresh it with: mintkey keys refresh " + clientID},
		{policy.ScopeSelf, "refresh it with: mintkey keys refresh --mine " + clientID},
		{policy.ScopeRotate, "refresh it with: mintkey keys rotate --self --out FILE"},
	} {
		if slices.Contains(strings.Fields(scope), way[0]) {
			return way[1]
		}
	}
	return ""
}

func (p *program) warnOfOldSecret(clientID, ends string) {
	at, err := time.Parse(time.RFC3339, ends)
	if err != nil {
		return
	}
	p.sayf("warning: access key %s has a new secret; the one in use works until %s\n", clientID, showTime(&at))
}

// refused is the refusal of a server: the code of an OAuth error or of problem details, and its text.
type refused struct {
	status      int
	code, words string
	forgotten   bool // of problem details
	repeated    bool // an attempt before may have been carried out
}

func (r *refused) Error() string { return r.code + ": " + r.words }

// refusal reads an OAuth error or problem details (RFC 9457).
func refusal(got answer) error {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		api.Problem
	}
	_ = json.Unmarshal(got.body, &said) // a body that is not JSON leaves it empty
	r := &refused{status: got.status, code: said.Error, words: said.Description, repeated: got.repeated}
	switch {
	case said.Error != "":
	case said.Code != "":
		r.code, r.words, r.forgotten = said.Code, said.Detail, said.Forgotten
	default:
		return notMintkey(got)
	}
	if r.repeated && r.status == http.StatusNotFound {
		return withHints(r, "an attempt before had no answer: it may be gone because of that one")
	}
	return r
}

// client calls the administration API with a token.
type client struct {
	access access
	url    string
	token  string
	claims claims
	// keyExpires is Mintkey-Key-Expires of the answer with the token.
	keyExpires string
}

// claims are the claims of the token from which commands take their defaults.
type claims struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
	ClientID  string `json:"client_id"`
	Scope     string `json:"scope"`
}

func (p *program) connect(ctx context.Context, f *accessFlags) (*client, error) {
	a, err := p.resolve(ctx, f)
	if err != nil {
		return nil, err
	}
	return p.connectWith(ctx, a)
}

// connectWith connects with an access key that is known already.
func (p *program) connectWith(ctx context.Context, a access) (*client, error) {
	answer, err := p.fetchAdminToken(ctx, a)
	if err != nil {
		return nil, err
	}
	_, payload, err := decodeToken(answer.AccessToken)
	if err != nil {
		return nil, err
	}
	c := &client{access: a, url: strings.TrimRight(a.url, "/"), token: answer.AccessToken, keyExpires: answer.keyExpires}
	if err := json.Unmarshal(payload, &c.claims); err != nil {
		return nil, fmt.Errorf("read the token's claims: %w", err)
	}
	return c, nil
}

// call sends a request, with a body unless that is nil, and returns the JSON answer unchanged.
func (c *client) call(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	return c.callWith(ctx, method, path, body, nil)
}

// callWith is call with further headers.
func (c *client) callWith(ctx context.Context, method, path string, body any, header map[string]string) (json.RawMessage, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
	}
	request, err := c.request(ctx, method, path, content)
	if err != nil {
		return nil, err
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, _, err := c.access.via.send(request)
	if no, is := errors.AsType[*refused](err); is && no.status == http.StatusNotFound {
		if what := thingAt(request.URL.EscapedPath()); what != "" { // which the server does not repeat
			no.words = what + ": " + no.words
		}
		return nil, withHints(err, "asked for "+request.URL.Path)
	}
	return answer, err
}

// request makes a request with the token, and with a JSON body unless that is nil.
func (c *client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// callOnce sends a request that makes a secret. The Idempotency-Key lets it be repeated if no answer comes, without being carried out twice
// (R37).
func (c *client) callOnce(ctx context.Context, method, path, key string, body any) (json.RawMessage, error) {
	return c.callWith(ctx, method, path, body, map[string]string{idempotencyKey: key})
}

// isRefusal says whether a server has refused with the code.
func isRefusal(err error, code string) bool {
	refusal, ok := errors.AsType[*refused](err)
	return ok && refusal.code == code
}

// list reads a list page by page, up to a number of items; 0 means all of them.
func (c *client) list(ctx context.Context, path string, query url.Values, most int) ([]json.RawMessage, error) {
	items := []json.RawMessage{}
	query.Set("limit", pageSize)
	for {
		answer, err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		var page api.List[json.RawMessage]
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, fmt.Errorf("read a list: %w", err)
		}
		items = append(items, page.Items...)
		if most > 0 && len(items) >= most {
			return items[:most], nil
		}
		if page.Next == "" {
			return items, nil
		}
		query.Set("after", page.Next)
	}
}

// path joins the parts of a path and escapes them.
func path(parts ...string) string {
	var joined strings.Builder
	for _, part := range parts {
		joined.WriteString("/" + url.PathEscape(part))
	}
	return joined.String()
}
