package passwords

import (
	"fmt"

	"github.com/alexedwards/argon2id"
)

// nobody is the hash of a random password that nobody knows, made with params.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$sqhSI8fGj0ndy8hefgniSw$t35UFTTCvaJ/9HozSyuVRKuoRthDeVbg0zLz6J7XvD0"

// params are the OWASP minimum for argon2id: about 20 ms and 19 MiB for each check. How many are made at once is the Hasher's matter.
func params() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// create hashes a password with a new salt.
func create(password string) (string, error) {
	hash, err := argon2id.CreateHash(password, params())
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// compare says whether the hash is that of the password.
func compare(hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = nobody
	}
	fits, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check a password: %w", err)
	}
	return fits && known, nil
}
