// Package leaks takes reports of client secrets that have leaked, from anybody (R35). Answers say nothing of the secrets: they are the
// same, and come after the same time, for one that works and for one that nobody has. Of a secret it keeps the digest only.
//
// Of the packages under server it imports limits and web only.
package leaks
