package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Audiences are the receivers that a token can be for (R29): this server itself, by the name of its issuer, and the APIs that are
// configured. Where no API is configured, the issuer stands for all of them, which is meant for trying out.
//
// The fence of a key (R33) limits it to some of the APIs; an empty one does not. No fence closes the issuer to administration scopes.
type Audiences struct {
	Issuer string
	APIs   []string // without the issuer; the first is the default
}

// All lists every audience, the issuer last.
func (a Audiences) All() []string { return append(slices.Clone(a.APIs), a.Issuer) }

// Open says whether a key with this fence may have tokens for the audience.
func (a Audiences) Open(audience string, fence []string) bool {
	return audience == a.Issuer || slices.Contains(a.APIs, audience) && within(fence, audience)
}

// Default is the audience of a token for which none was asked: the issuer if the scopes in question are all administration scopes, else
// the first API that the fence allows. It is empty if there is none.
func (a Audiences) Default(fence, scopes []string) string {
	if a.shared(fence) || !slices.ContainsFunc(scopes, isForAPI) {
		return a.Issuer
	}
	for _, api := range a.APIs {
		if within(fence, api) {
			return api
		}
	}
	return ""
}

// Fit returns those of the scopes that a token for the audience can have: administration scopes if it is the issuer, and those of the
// catalogue if it is an API. Where all can, they are the same slice.
func (a Audiences) Fit(audience string, fence, scopes []string) []string {
	return filtered(scopes, func(scope string) bool { return a.shared(fence) || isForAPI(scope) == (audience != a.Issuer) })
}

// CheckFence returns ErrInvalidTarget unless a key can be limited to the audiences: each must be a configured API.
func (a Audiences) CheckFence(audiences []string) error {
	for _, audience := range audiences {
		switch {
		case slices.Contains(a.APIs, audience):
		case len(a.APIs) == 0:
			return fmt.Errorf("%w %s; none is configured in tokens.audiences", ErrInvalidTarget, Excerpt(audience, 100))
		default:
			return fmt.Errorf("%w %s; allowed are %s", ErrInvalidTarget, Excerpt(audience, 100), strings.Join(a.APIs, ", "))
		}
	}
	return nil
}

// shared says whether the issuer serves for APIs too.
func (a Audiences) shared(fence []string) bool { return len(a.APIs) == 0 && len(fence) == 0 }

func within(fence []string, audience string) bool {
	return len(fence) == 0 || slices.Contains(fence, audience)
}

func isForAPI(scope string) bool { return !IsAdministrationScope(scope) }
