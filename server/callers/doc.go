// Package callers authenticates callers by a Bearer token of this server (RFC 6750): it checks that the token is genuine, in force and
// meant for this receiver, and works out what its owner may do now.
//
// Of the packages under server it imports revocation and web only.
package callers
