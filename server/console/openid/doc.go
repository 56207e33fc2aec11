// Package openid signs people in at their company's OpenID Connect provider: it is a client that uses the authorization code flow with
// PKCE (RFC 7636), state and nonce. It establishes who somebody is; what they may do is decided elsewhere.
//
// The provider is first contacted when somebody signs in, so the server starts even if the provider is down. Only this package imports
// go-oidc and x/oauth2. It must not import console, which uses it.
package openid
