// Package tokens signs and verifies the tokens of Mintkey, and manages the signing keys.
//
// All signing keys are one small document that every replica reads and changes by compare-and-swap, so replicas agree without
// talking to each other. A signing key is published before it signs, signs until its successor takes over, and stays published until
// its last token has expired. Which of these applies is computed from times in the document and never stored. Private keys are encrypted
// (AES-256-GCM) where a key-encryption key is configured.
//
// Signing and verifying read an immutable set behind an atomic pointer: no lock, no I/O, no parsing of keys. Nothing here reads a clock.
//
// This package is the only owner of golang-jwt and jwkset on the server's side. It imports package store for the Documents
// interface, and nothing of server, notify or cmd.
package tokens
