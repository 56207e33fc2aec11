// Package revocation keeps what ended tokens before their time: the log that every replica follows, the signed status lists that
// gateways poll, and the channel of the outbox that records a revocation when the server died before it could.
//
// It has no HTTP and knows none of the other rooms.
package revocation
