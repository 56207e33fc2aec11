package console_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/console"
	"mintkey/server/console/openid"
)

const (
	openIDPath   = "/console/sign-in/oidc"
	callbackPath = "/console/sign-in/oidc/callback"
)

// provider is a running process of the npm package oidc-provider.
type provider struct {
	*testing.T
	issuer  string
	setup   map[string]any
	process *exec.Cmd
	stdin   io.Closer
}

// person holds the claims of somebody at the provider; their login is the subject.
type person map[string]any

func verified(email string) person { return person{"email": email, "email_verified": true} }

func peopleAtTheProvider() map[string]person {
	return map[string]person{
		"ada-login": verified("ada@acme.example"),
		"grace-1":   verified("GRACE@acme.example"),
		"grace-2":   verified("grace@acme.example"),
		"hal":       verified("hal@acme.example"),
		"eve":       verified("eve@acme.example"),
		"kelvin":    verified("\u212Aim@acme.example"),
		"rita":      verified("rita@rival.example"),
		"stranger":  verified("stranger@acme.example"),
		"linus":     {"email": "linus@acme.example", "email_verified": false},
		"tom":       {"email": "tom@acme.example"},
		"nobody":    {},
	}
}

func newProvider(t *testing.T, redirectURI string, userInfoOnly bool) *provider {
	t.Helper()
	p := &provider{T: t, setup: map[string]any{
		"port": 0, "redirectURI": redirectURI, "signedOutURI": strings.TrimSuffix(redirectURI, "/oidc/callback"),
		"people": peopleAtTheProvider(), "userInfoOnly": userInfoOnly,
	}}
	p.start()
	t.Cleanup(p.stop)
	return p
}

func (p *provider) start() {
	p.Helper()
	setup, err := json.Marshal(p.setup)
	if err != nil {
		p.Fatal(err)
	}
	p.process = exec.Command("node", "../../e2e/node/openid-provider.mjs", string(setup))
	stdin, err := p.process.StdinPipe()
	if err != nil {
		p.Fatal(err)
	}
	stdout, err := p.process.StdoutPipe()
	if err != nil {
		p.Fatal(err)
	}
	p.stdin = stdin
	if err := p.process.Start(); err != nil {
		p.Fatalf("%v (tools/install installs what the tests need)", err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.Fatalf("the provider does not start: %v (tools/install installs what the tests need)", err)
	}
	p.issuer = strings.TrimSpace(line)
}

// stop ends the process, if it is running.
func (p *provider) stop() {
	_ = p.stdin.Close()
	_ = p.process.Wait()
}

// restart starts the process again at the same address.
func (p *provider) restart() {
	p.Helper()
	u, err := url.Parse(p.issuer)
	if err != nil {
		p.Fatal(err)
	}
	p.setup["port"] = u.Port()
	p.start()
}

// logbook is a log that a test can read.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// openIDHarness is a harness with a provider for the account acme. The harness's clock differs from the real time, so the server treats it
// as shifted; the provider's answers must be checked against the real time all the same.
func openIDHarness(t *testing.T, change ...func(*server.Options)) (*harness, *provider, *logbook) {
	t.Helper()
	var p *provider
	log := &logbook{}
	h := newHarness(t, func(o *server.Options) {
		p = newProvider(t, o.Issuer+callbackPath, false)
		o.ClockOffset = time.Until(start)
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		o.OpenID = console.OpenID{
			Options: openid.Options{Issuer: p.issuer, ClientID: "mintkey", ClientSecret: policy.ClientSecretFromRequest("the secret of mintkey")},
			Name:    "Example", Account: "acme",
		}
		for _, c := range change {
			c(o)
		}
	})
	return h, p, log
}

// begin presses the button and returns the address at the provider.
func (v *visitor) begin(query string) *url.URL {
	v.Helper()
	to, err := url.Parse(v.get(openIDPath + query).want(http.StatusSeeOther).header.Get("Location"))
	v.must(err)
	return to
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	formHidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	formPrompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
	abortLink  = regexp.MustCompile(`href="([^"]+/abort)"`)
)

// answer completes the provider's pages with the login, or cancels if it is empty, and returns the path of the redirect back.
func (v *visitor) answer(at *url.URL, login string) string {
	v.Helper()
	for range 20 {
		if strings.HasPrefix(at.String(), v.url) {
			return at.RequestURI()
		}
		to, body := v.fetch(http.MethodGet, at, nil)
		switch form := formAction.FindStringSubmatch(body); {
		case to != "":
		case form == nil:
			v.Fatalf("%s answered: %s", at, body)
		case login == "":
			to = abortLink.FindStringSubmatch(body)[1]
		default:
			action, err := at.Parse(html.UnescapeString(form[1]))
			v.must(err)
			fields := url.Values{}
			for _, hidden := range formHidden.FindAllStringSubmatch(body, -1) { // as of the form that signs out whoever was signed in before
				fields.Set(hidden[1], hidden[2])
			}
			if prompt := formPrompt.FindStringSubmatch(body); prompt != nil {
				fields = url.Values{"prompt": {prompt[1]}, "login": {login}, "password": {"any"}}
			}
			to, _ = v.fetch(http.MethodPost, action, fields)
		}
		next, err := at.Parse(to)
		v.must(err)
		at = next
	}
	v.Fatal("the provider leads in circles")
	return ""
}

// fetch requests a page of the provider, and returns its Location and body.
func (v *visitor) fetch(method string, at *url.URL, fields url.Values) (location, body string) {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, at.String(), strings.NewReader(fields.Encode()))
	v.must(err)
	if fields != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.client.Do(r)
	v.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	v.must(err)
	return response.Header.Get("Location"), string(text)
}

// arrive does a complete sign-in at the provider, and returns the console's response.
func (v *visitor) arrive(login string) page {
	v.Helper()
	return v.get(v.answer(v.begin(""), login))
}
