// Package policy holds the rules of Mintkey: how many access keys a user may own, when a key expires and why, what a role allows,
// which tenant may still use passwords.
//
// Everything here is a pure function of its arguments. Time is one of them: nothing in this package reads a clock, a random source, a
// file or a network, and nothing mutates its arguments. So a store can run a rule inside its own transaction, more than once if it must,
// and a dry run shares its code with the real change.
//
// It imports a short list of the standard library and nothing else of this module.
package policy
