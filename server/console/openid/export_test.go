package openid

import "net/http"

// NewClient returns the HTTP client of a Provider whose issuer has the scheme.
func NewClient(scheme string) *http.Client { return newClient(scheme) }
