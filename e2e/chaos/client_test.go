package chaos_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client speaks to one server as the administrator. It is safe for concurrent use.
type client struct {
	base  string
	token string
	http  *http.Client
}

// answerLimit is how long a client waits. Who has no answer by then doesn't know what has happened.
const answerLimit = 15 * time.Second

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{
		Timeout: answerLimit, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
	}}
}

// answer is a response, read to its end; err says that there was none.
type answer struct {
	status int
	body   []byte
	err    error
}

func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body))
}

// unavailable says that the server did not decide: whether a change was made must be found out.
func (a answer) unavailable() bool { return a.err != nil || a.status == http.StatusServiceUnavailable }

// acknowledged says that the change is promised to hold. A server that could not have it confirmed says so in a success.
func (a answer) acknowledged() bool {
	if a.err != nil || a.status/100 != 2 {
		return false
	}
	var body struct {
		Confirmed *bool `json:"confirmed"`
	}
	return json.Unmarshal(a.body, &body) != nil || body.Confirmed == nil || *body.Confirmed
}

// unknown says that the change may have been made or not.
func (a answer) unknown() bool { return a.unavailable() || a.status/100 == 2 && !a.acknowledged() }

func (a answer) decode(into any) bool { return a.err == nil && json.Unmarshal(a.body, into) == nil }

// ask asks for a token. It returns an empty one unless the status is 200.
func (c *client) ask(clientID, secret string, scopes ...string) (string, answer) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	request, err := http.NewRequest(http.MethodPost, c.base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", answer{err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(clientID, secret)
	a := c.send(request)
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if a.status == http.StatusOK && !a.decode(&body) {
		a.err = fmt.Errorf("not a token response: %s", a.body)
	}
	return body.AccessToken, a
}

// do makes a request of the administration API; body is sent as JSON unless it is nil.
func (c *client) do(method, path string, body any) answer {
	return c.doAs(c.token, method, path, body)
}

func (c *client) doAs(token, method, path string, body any) answer {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{err: err}
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.base+path, content)
	if err != nil {
		return answer{err: err}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return c.send(request)
}

func (c *client) send(request *http.Request) answer {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, body, err}
}

// list follows a list to its end.
func list[T any](c *client, path string) ([]T, error) {
	var all []T
	for query := (url.Values{"limit": {"200"}}); ; {
		a := c.do(http.MethodGet, path+"?"+query.Encode(), nil)
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if a.status != http.StatusOK || !a.decode(&page) {
			return nil, fmt.Errorf("GET %s: %v", path, a)
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}
