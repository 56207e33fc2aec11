package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mintkey/e2e/internal/e2etest"
	"mintkey/policy"
)

// caller makes requests with one token to one server.
type caller struct {
	t      *testing.T
	base   string
	token  string
	client *http.Client
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type tokenResponse struct {
	AccessToken string `json:"access_token"`
}

// decode reads JSON, or fails the test.
func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// signIn fetches a token for the administration with the key, which is one of init. Its other scopes are those of the API.
func (d *deployment) signIn(key accessKey, s *e2etest.Server) *caller {
	d.t.Helper()
	c := &caller{t: d.t, base: s.URL, client: &http.Client{}}
	token, a, err := c.fetch(key, policy.AdministrationScopes()...)
	if err != nil || token == "" {
		d.t.Fatalf("no token for %s: %v %s", key.ClientID, err, a)
	}
	c.token = token
	return c
}

// fetch asks for a token with the key, and returns it with the whole answer. Any failure to get an answer is an error.
func (c *caller) fetch(key accessKey, scopes ...string) (string, answer, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	request, err := http.NewRequest(http.MethodPost, c.base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", answer{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	a, err := c.send(request)
	if err != nil {
		return "", a, err
	}
	var body tokenResponse
	if err := json.Unmarshal(a.body, &body); err != nil {
		return "", a, fmt.Errorf("%s: %w", a, err)
	}
	return body.AccessToken, a, nil
}

func (c *caller) mustFetch(key accessKey) string {
	c.t.Helper()
	token, a, err := c.fetch(key)
	if err != nil || a.status != http.StatusOK || token == "" {
		c.t.Fatalf("no token for %s: %v %s", key.ClientID, err, a)
	}
	return token
}

// try makes a request; body is sent as JSON unless it is nil. An error means that there was no whole answer.
func (c *caller) try(method, path string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.base+path, content)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return c.send(request)
}

func (c *caller) send(request *http.Request) (answer, error) {
	response, err := c.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// must makes a request, fails the test unless the answer has the status, and decodes it into result unless that is nil.
func (c *caller) must(status int, method, path string, body, result any) {
	c.t.Helper()
	a, err := c.try(method, path, body)
	if err != nil || a.status != status {
		c.t.Fatalf("%s %s: %v %s; want %d", method, path, err, a, status)
	}
	if result != nil {
		if err := json.Unmarshal(a.body, result); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, a)
		}
	}
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body)) }
