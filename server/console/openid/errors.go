package openid

import "errors"

// Reasons why a sign-in failed. The errors that wrap them have details, some in the provider's own words: log them, don't show them.
var (
	// ErrUnavailable means that the provider can't be reached, or is not the one that was configured.
	ErrUnavailable = errors.New("the OpenID provider is unavailable")
	// ErrDeclined means that the person cancelled, or that a rule of the provider forbids the sign-in.
	ErrDeclined = errors.New("declined at the OpenID provider")
	// ErrRefused means that the provider answered with an error, most likely because its registration of this client differs from the
	// configuration here.
	ErrRefused = errors.New("the OpenID provider refused")
	// ErrUntrusted means that the answer does not prove who the person is.
	ErrUntrusted = errors.New("the answer of the OpenID provider is not trusted")
	// ErrUnverifiedEmail means that the provider gave no e-mail address, or one that it has not verified.
	ErrUnverifiedEmail = errors.New("the OpenID provider has verified no e-mail address")
)
