// Package policy holds the rules of Mintkey: who may own how many access keys, when a key expires and
// why, what a role allows, which tenant may still use passwords.
//
// Everything here is a pure function of its arguments. Time is one of them: nothing in this package
// reads a clock, a random source, a file or a network, and nothing mutates what it was given. That is what lets a
// store run a rule inside its own transaction, more than once if it must, and what lets a dry run and the
// real change share one piece of code.
//
// It imports a short list of the standard library and nothing else of this module.
package policy
