// Package tokens makes and checks the tokens of Mintkey, and looks after the signing keys behind them.
//
// All signing keys are one small document that every replica reads and changes by compare-and-swap, so replicas agree without
// talking to each other. A signing key is published before it signs, signs until its successor takes over, and stays published until
// its last token is dead. Which of these it is follows from times in the document and is never stored. Private keys are sealed
// (AES-256-GCM) wherever a sealing key is configured.
//
// Signing and verifying read an immutable set behind an atomic pointer: no lock, no I/O, no parsing of keys. Nothing here reads a clock.
//
// This package is the only owner of golang-jwt and jwkset on the server's side. It imports package store for the Documents
// interface, and nothing of server, notify or cmd.
package tokens
