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

// Attempt is what the browser's session keeps between Begin and Finish, and what binds the answer to that browser.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`    // comes back inside the ID token
	Verifier string `json:"verifier"` // of PKCE: without it the code is worth nothing
}

// Fits says whether the provider's answer belongs to the attempt. One that does not is somebody else's, or was used before.
func (a Attempt) Fits(answer url.Values) bool { return same(a.State, answer.Get("state")) }

// same compares random texts; an empty one equals none.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Begin makes an attempt, and the address at the provider that the browser is to go to.
func (p *Provider) Begin(ctx context.Context) (Attempt, string, error) {
	of, err := p.discover(oidc.ClientContext(ctx, p.client))
	if err != nil {
		return Attempt{}, "", err
	}
	attempt := Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return attempt, p.config(of).AuthCodeURL(attempt.State, oidc.Nonce(attempt.Nonce), oauth2.S256ChallengeOption(attempt.Verifier)), nil
}

// Finish takes the provider's answer to an attempt and returns who it is about. Now is the real time, whatever the server's clock says.
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
		return Person{}, fmt.Errorf("%w: exchange of the code: %w", kindOf(err), err)
	}
	return p.identify(ctx, of, token, attempt.Nonce, now)
}

// checkAnswer refuses an answer of another provider (RFC 9207), to which the code and the secret would otherwise be given away, and one
// that is an error.
func (p *Provider) checkAnswer(of *discovery, answer url.Values) error {
	if issuer := answer.Get("iss"); issuer != p.Issuer && (issuer != "" || of.namesIssuer) {
		return fmt.Errorf("%w: it is from the issuer %q", ErrUntrusted, issuer)
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

// kindOf tells a provider that says no from one that is in trouble.
func kindOf(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response.StatusCode < http.StatusInternalServerError {
		return ErrRefused
	}
	return ErrUnavailable
}
