// Package passwords hashes the passwords of people, with argon2id. Access keys have random secrets and need no slow
// hash: see policy.Digest.
//
// A Hasher is the only way to a hash, so that whoever asks for one (a grant, a page, the administration API, a command)
// shares the same bounds on memory and processors, and none can keep a password that is commonly used. It is the only package that
// imports argon2id and the lists of zxcvbn, and imports nothing of this module.
package passwords
