// Package notify does what the passing of time demands, and tells people and programs of what happened.
//
// A Keeper walks the access keys in the order in which their secrets were issued, finds what is due (a notice before expiry, the
// expiry itself, the purge) and claims it by one compare-and-swap of the membership, which also writes an event to the
// outbox. A Dispatcher takes events from the outbox and hands each to its channels: mail to people, signed webhooks to
// programs. A Runner ticks both. What was written is told, whatever crashes: an entry leaves the outbox only when every channel is done,
// or has failed for a day, which the log then says. A crash between sending and recording can tell one thing twice, under the same
// Message-ID or webhook-id.
//
// The rules are in package policy. This package knows interfaces of package store and never a store; it owns go-mail and
// standard-webhooks. It reads no clock: whoever calls Tick says what time it is.
package notify
