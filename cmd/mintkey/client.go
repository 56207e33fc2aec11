package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mintkey/server/api"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 20 // bytes; a dry run over a large account is long
	pageSize       = "200"
)

// httpClient follows no redirect, which would send a secret or a token to another server.
func httpClient() *http.Client {
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// tokenRequest has the options of a token.
type tokenRequest struct{ scope, resource string }

// tokenResponse is the answer of the token endpoint, RFC 6749 section 5.1.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	raw         json.RawMessage
	header      http.Header
}

// fetchToken exchanges the access key for a token, and warns when the key is about to expire (R25), or its secret when an overlap
// ends (R6).
func (p *program) fetchToken(ctx context.Context, a access, wanted tokenRequest) (tokenResponse, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if wanted.scope != "" {
		form.Set("scope", wanted.scope)
	}
	if wanted.resource != "" {
		form.Set("resource", wanted.resource)
	}
	endpoint := strings.TrimSuffix(a.url, "/") + "/oauth2/token"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return tokenResponse{}, fmt.Errorf("ask for a token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// RFC 6749 section 2.3.1 wants both form-encoded.
	request.SetBasicAuth(url.QueryEscape(a.clientID), url.QueryEscape(a.secret.Reveal()))
	body, header, err := send(request)
	if err != nil {
		return tokenResponse{}, fmt.Errorf("ask for a token: %w", err)
	}
	answer := tokenResponse{raw: body, header: header}
	if err := json.Unmarshal(body, &answer); err != nil || answer.AccessToken == "" {
		return tokenResponse{}, fmt.Errorf("ask for a token: %s answered without one", a.url)
	}
	p.warnOfExpiry(a.clientID, header.Get("Mintkey-Key-Expires"))
	p.warnOfOldSecret(a.clientID, header.Get("Mintkey-Secret-Ends"))
	return answer, nil
}

// fetchAdminToken fetches a token for the server itself: its audience is the issuer that the metadata names (RFC 8414).
func (p *program) fetchAdminToken(ctx context.Context, a access) (tokenResponse, error) {
	const what = "ask for the issuer"
	endpoint := strings.TrimSuffix(a.url, "/") + "/.well-known/oauth-authorization-server"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return tokenResponse{}, fmt.Errorf("%s: %w", what, err)
	}
	body, _, err := send(request)
	if err != nil {
		return tokenResponse{}, fmt.Errorf("%s: %w", what, err)
	}
	var metadata struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil || metadata.Issuer == "" {
		return tokenResponse{}, fmt.Errorf("%s: %s answered without one", what, a.url)
	}
	return p.fetchToken(ctx, a, tokenRequest{resource: metadata.Issuer})
}

func (p *program) warnOfExpiry(clientID, expires string) {
	at, err := time.Parse(time.RFC3339, expires)
	if err != nil {
		return
	}
	p.sayf("warning: access key %s expires at %s; refresh it with: mintkey keys refresh %s\n", clientID, showTime(&at), clientID)
}

func (p *program) warnOfOldSecret(clientID, ends string) {
	at, err := time.Parse(time.RFC3339, ends)
	if err != nil {
		return
	}
	p.sayf("warning: access key %s has a new secret; the one in use works until %s\n", clientID, showTime(&at))
}

// send returns the body and the header of a successful answer. Any other answer becomes an error that people can read.
func send(request *http.Request) (json.RawMessage, http.Header, error) {
	request.Header.Set("Accept", "application/json")
	response, err := httpClient().Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, nil, refusal(response.StatusCode, body)
	}
	return body, response.Header, nil
}

// refused is the refusal of a server: the code of an OAuth error or of problem details, and its text.
type refused struct {
	code, words string
	forgotten   bool // of problem details
}

func (r *refused) Error() string { return r.code + ": " + r.words }

// refusal reads an OAuth error or problem details (RFC 9457).
func refusal(status int, body []byte) error {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		api.Problem
	}
	_ = json.Unmarshal(body, &said) // a body that is not JSON leaves it empty
	switch {
	case said.Error != "":
		return &refused{code: said.Error, words: said.Description}
	case said.Code != "":
		return &refused{said.Code, said.Detail, said.Forgotten}
	default:
		return fmt.Errorf("the server answered %d %s; is this the URL of a Mintkey server?", status, http.StatusText(status))
	}
}

// client calls the administration API with a token.
type client struct {
	url    string
	token  string
	claims claims
}

// claims are the claims of the token from which commands take their defaults.
type claims struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
}

func (p *program) connect(ctx context.Context, f *accessFlags) (*client, error) {
	a, err := p.resolve(f)
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
	c := &client{url: strings.TrimSuffix(a.url, "/"), token: answer.AccessToken}
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
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	answer, _, err := send(request)
	return answer, err
}

// repeatAfter are the pauses before a request whose answer was lost is sent again.
func repeatAfter() []time.Duration {
	return []time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second}
}

// callOnce sends a request that makes a secret, and repeats it if no answer comes, or one that says that it may have been carried out. The
// Idempotency-Key keeps it from being carried out twice (R37).
func (c *client) callOnce(ctx context.Context, method, path, idempotencyKey string, body any) (json.RawMessage, error) {
	header := map[string]string{"Idempotency-Key": idempotencyKey}
	answer, err := c.callWith(ctx, method, path, body, header)
	for _, pause := range repeatAfter() {
		if !mayBeLost(err) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		answer, err = c.callWith(ctx, method, path, body, header)
	}
	return answer, err
}

// mayBeLost says whether the request may have been carried out although there is no answer that says so.
func mayBeLost(err error) bool {
	if _, ok := errors.AsType[*refused](err); !ok {
		return err != nil
	}
	return isRefusal(err, "unavailable") || isRefusal(err, "conflict")
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
