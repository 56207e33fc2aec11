// Package openid signs people in at an OpenID Connect provider of their company: the authorization code flow with PKCE (RFC 7636), state and
// nonce, as the provider's client. It answers who somebody is there; what they may do here is decided elsewhere.
//
// Nothing is asked of the provider before somebody wants to sign in, so a provider that is down stops no server. It is the one owner of
// go-oidc and x/oauth2, and must not import console, which uses it.
package openid
