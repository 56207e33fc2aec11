// Package notify runs the scheduled work on access keys (notices, expiry, purge) and delivers events to people and programs.
//
// A Scheduler walks the access keys in the order in which their secrets were issued, finds what is due (a notice before expiry, the
// expiry itself, the purge) and claims it by one compare-and-swap of the membership, which also writes an event to the outbox. An
// OutboxWorker takes events from the outbox and hands each to its channels: mail to people, signed webhooks to programs, revocations to
// gateways. A Runner ticks both. What is in the outbox is delivered, whatever crashes: an entry leaves it only when every channel is
// done, or has failed for a day, which is logged. A crash between sending and recording can deliver an event twice, under the same
// Message-ID or webhook-id.
//
// The rules are in package policy. This package knows interfaces of package store and never a store; it owns go-mail and
// standard-webhooks. It reads no clock: the caller of Tick passes the time.
package notify
