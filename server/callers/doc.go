// Package callers answers who asks by a Bearer token of this server (RFC 6750): whether the token is verified, alive and for this
// receiver, and what its owner may do now.
//
// It knows the room revocation, and no other but web.
package callers
