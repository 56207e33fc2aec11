package openid

import "net/http"

// NewClient is what a Provider asks with, for an issuer of the scheme.
func NewClient(scheme string) *http.Client { return newClient(scheme) }
