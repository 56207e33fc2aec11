package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Attempt is kept in the browser's session between Begin and Finish. It binds the answer to that browser.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`    // returned in the ID token
	Verifier string `json:"verifier"` // PKCE code verifier: without it the code is useless
}

// Matches reports whether the provider's answer belongs to the attempt. One that does not is somebody else's, or was used before.
func (a Attempt) Matches(answer url.Values) bool { return same(a.State, answer.Get("state")) }

// same compares random strings in constant time; an empty one equals nothing.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// anyAge is a year, in seconds: who signed in at the provider within it is not asked again. A provider that is told a greatest age has to
// say when that was (OpenID Connect Core 1.0, section 3.1.2.1); without one it may leave it out.
const anyAge = "31536000"

// Begin returns a new attempt, and the provider's URL to send the browser to.
func (p *Provider) Begin(ctx context.Context) (Attempt, string, error) {
	return p.begin(ctx, oauth2.SetAuthURLParam("max_age", anyAge))
}

// BeginAgain is Begin for a person who has to prove who they are, signed in at the provider or not. Person.SignedInAt tells whether the
// provider has asked.
func (p *Provider) BeginAgain(ctx context.Context) (Attempt, string, error) {
	return p.begin(ctx, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
}

func (p *Provider) begin(ctx context.Context, with ...oauth2.AuthCodeOption) (Attempt, string, error) {
	of, err := p.discover(oidc.ClientContext(ctx, p.client))
	if err != nil {
		return Attempt{}, "", err
	}
	attempt := Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	with = append(with, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier))
	return attempt, p.config(of).AuthCodeURL(attempt.State, with...), nil
}

// Finish checks the provider's answer to an attempt and returns the person. Now is the real time, even if the server's clock is shifted.
func (p *Provider) Finish(ctx context.Context, attempt Attempt, answer url.Values, now time.Time) (Person, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	of, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	if err := p.checkAnswer(of, answer); err != nil {
		return Person{}, err
	}
	token, err := p.config(of).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		p.forget()
		return Person{}, fmt.Errorf("%w: code exchange: %w", kindOf(err), err)
	}
	return p.identify(ctx, of, token, attempt.Nonce, now)
}

// checkAnswer refuses error answers, and answers of another provider (RFC 9207): exchanging one's code would send it and the client
// secret to the wrong place.
func (p *Provider) checkAnswer(of *discovery, answer url.Values) error {
	if issuer := answer.Get("iss"); issuer != p.Issuer && (issuer != "" || of.namesIssuer) {
		return fmt.Errorf("%w: the issuer is %q", ErrUntrusted, issuer)
	}
	switch code := answer.Get("error"); code {
	case "":
		return nil
	case "access_denied":
		return fmt.Errorf("%w: %q", ErrDeclined, answer.Get("error_description"))
	default:
		return fmt.Errorf("%w: %q, %q", ErrRefused, code, answer.Get("error_description"))
	}
}

// kindOf tells a refusal by the provider from a failure of it.
func kindOf(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response.StatusCode < http.StatusInternalServerError {
		return ErrRefused
	}
	return ErrUnavailable
}
