// Package revocation keeps track of revoked tokens: the log that every replica follows, the signed status lists that gateways poll, and
// the channel of the outbox that records a revocation if the server crashed before it could.
//
// It has no HTTP and imports no other package under server.
package revocation
