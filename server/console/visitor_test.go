package console_test

import (
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// visitor is a browser without JavaScript: it keeps cookies, sends forms and follows no redirect.
type visitor struct {
	*harness
	client *http.Client
}

func (h *harness) visitor() *visitor {
	h.Helper()
	jar, err := cookiejar.New(nil)
	h.must(err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{h, &http.Client{Jar: jar, CheckRedirect: stay}}
}

// as returns a visitor who has signed in.
func (h *harness) as(user string) *visitor {
	h.Helper()
	v := h.visitor()
	v.post("/console/sign-in", form{"email": {emailOf(user)}, "password": {password}}).leadsTo("/console")
	return v
}

func emailOf(user string) string {
	if user == "rita" {
		return "rita@rival.example"
	}
	return user + "@acme.example"
}

type form = url.Values

// page is a response.
type page struct {
	*visitor
	what   string
	status int
	header http.Header
	body   string
}

func (v *visitor) get(path string, adjust ...func(*http.Request)) page {
	v.Helper()
	return v.send(http.MethodGet, path, nil, adjust...)
}

func (v *visitor) post(path string, values form, adjust ...func(*http.Request)) page {
	v.Helper()
	return v.send(http.MethodPost, path, values, adjust...)
}

func (v *visitor) send(method, path string, values form, adjust ...func(*http.Request)) page {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.url+path, strings.NewReader(values.Encode()))
	v.must(err)
	if values != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, change := range adjust {
		change(r)
	}
	response, err := v.client.Do(r)
	v.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	v.must(err)
	return page{v, method + " " + path, response.StatusCode, response.Header, string(body)}
}

// submit sends the form of a page, with the given fields filled in.
func (v *visitor) submit(path string, values form) page {
	v.Helper()
	return v.post(path, v.get(path).want(200).filled(values))
}

// filled returns the fields with the form token of the page added.
func (p page) filled(values form) form {
	p.Helper()
	all := maps.Clone(values)
	token := regexp.MustCompile(`name="form_token" value="([^"]+)"`).FindStringSubmatch(p.body)
	if token == nil {
		p.Fatalf("%s has no form token", p.what)
	}
	all.Set("form_token", token[1])
	return all
}

func (p page) want(status int) page {
	p.Helper()
	if p.status != status {
		p.Fatalf("%s answered %d, want %d: %s", p.what, p.status, status, p.text())
	}
	return p
}

// leadsTo fails the test unless the response redirects to exactly this path.
func (p page) leadsTo(path string) {
	p.Helper()
	if p.want(http.StatusSeeOther); p.header.Get("Location") != path {
		p.Fatalf("%s leads to %q, want %q", p.what, p.header.Get("Location"), path)
	}
}

func (p page) says(texts ...string) page {
	p.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text(), text) {
			p.Fatalf("%s does not say %q: %s", p.what, text, p.text())
		}
	}
	return p
}

// has looks at the source of the page.
func (p page) has(texts ...string) page {
	p.Helper()
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			p.Fatalf("%s does not have %q: %s", p.what, text, p.body)
		}
	}
	return p
}

func (p page) saysNot(texts ...string) page {
	p.Helper()
	for _, text := range texts {
		if strings.Contains(p.text(), text) {
			p.Fatalf("%s says %q: %s", p.what, text, p.text())
		}
	}
	return p
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// into decodes a JSON body.
func (p page) into(v any) {
	p.Helper()
	if err := json.Unmarshal([]byte(p.body), v); err != nil {
		p.Fatalf("%s: %v in %s", p.what, err, p.body)
	}
}

// text returns the visible text of the page.
func (p page) text() string {
	return strings.TrimSpace(spaces.ReplaceAllString(html.UnescapeString(tag.ReplaceAllString(p.body, " ")), " "))
}

// revealed returns the client ID and secret that the page shows once.
func (p page) revealed() (clientID, secret string) {
	p.Helper()
	read := func(id string) string {
		found := regexp.MustCompile(`id="` + id + `"[^>]*>([^<]+)<`).FindStringSubmatch(p.want(200).body)
		if found == nil {
			p.Fatalf("%s shows no %s: %s", p.what, id, p.text())
		}
		return found[1]
	}
	return read("client-id"), read("client-secret")
}

// token requests an access token as a program does, and returns the status.
func (h *harness) token(clientID, secret string) int {
	h.Helper()
	values := form{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
	return h.visitor().post("/oauth2/token", values).status
}

// between is what stands between two texts, first there.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
