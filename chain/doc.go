// Package chain makes it visible when somebody changes, deletes or inserts events of an audit trail in the store, past the server.
//
// Each account and each tenant has a hash chain. A seal covers the events that have arrived since the seal before it: their digests, and
// the head of the chain up to there. The heads that are new are signed together, and the signed documents are a chain too. Verify
// compares all of it with the events.
//
// It promises that an event that was sealed can't be changed, and can't go before it is to be deleted, without Verify naming it, unless
// whoever did it can also write the chain; and not even then without its heads being other ones than those that were signed or are kept
// outside. What is not sealed yet is not protected. Several servers may seal at once. It knows stores by their interfaces only.
package chain
