// Package oauth has the OAuth endpoints other than the token endpoint: introspection (RFC 7662), revocation (RFC 7009), metadata
// (RFC 8414), the public signing keys, and those for gateways: forward-auth, status lists and the stream of revocations.
//
// Of the packages under server it imports clients, callers, revocation and web only.
package oauth
