package openid

import "errors"

// Why somebody was not signed in. What wraps them says more, partly in the words of the provider: for the log, not for people.
var (
	// ErrUnavailable means that the provider can't be reached, or is not the one that was configured.
	ErrUnavailable = errors.New("the OpenID provider is unavailable")
	// ErrDeclined means that the person, or a rule of the provider, said no.
	ErrDeclined = errors.New("declined at the OpenID provider")
	// ErrRefused means that the provider answered with an error: most likely the client is registered otherwise than it is configured.
	ErrRefused = errors.New("the OpenID provider refused")
	// ErrUntrusted refuses an answer that does not prove who the person is.
	ErrUntrusted = errors.New("the answer of the OpenID provider can't be trusted")
	// ErrUnverifiedEmail refuses an e-mail address that the provider does not vouch for, or none.
	ErrUnverifiedEmail = errors.New("the OpenID provider vouches for no e-mail address")
)
