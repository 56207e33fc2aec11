// Package passwords hashes the passwords of people, with argon2id. Access keys have random secrets and need no slow hash: see policy.Digest.
//
// It is the only package that imports argon2id, and imports nothing of this module.
package passwords
