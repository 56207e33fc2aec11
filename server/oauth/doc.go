// Package oauth is the OAuth endpoints beside the token endpoint: introspection (RFC 7662), revocation (RFC 7009), metadata (RFC 8414), the
// public signing keys, and what gateways ask for: forward-auth, status lists and the stream of revocations.
//
// It knows the rooms clients, callers and revocation, and web.
package oauth
