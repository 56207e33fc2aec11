package store

import (
	"context"
	"slices"

	"mintkey/policy"
)

// KeyLocation says in which membership an access key is.
type KeyLocation struct {
	TenantID string
	UserID   string
	ClientID string
}

// Digests finds access keys by the digests of their secrets. UpdateMembership keeps the index.
type Digests interface {
	// KeysByDigestPrefix lists, in no order, the keys that have a secret whose digest has the prefix (policy.Digest.Prefix). A key
	// that has it no
	// longer may be among them, and prefixes may coincide: compare the whole digest with the key's.
	KeysByDigestPrefix(ctx context.Context, prefix string) ([]KeyLocation, error)
}

// DigestEntry is an entry of the index behind Digests.
type DigestEntry struct {
	Prefix string
	Key    KeyLocation
}

// DigestEntries lists the entries of a membership. For stores.
func DigestEntries(m policy.Membership) []DigestEntry {
	if !m.Exists() {
		return nil
	}
	var entries []DigestEntry
	for _, key := range m.Keys {
		for _, secret := range key.Secrets {
			entries = append(entries, DigestEntry{secret.Digest.Prefix(), KeyLocation{m.TenantID, m.UserID, key.ClientID}})
		}
	}
	return entries
}

// IndexedDigests lists the entries of a membership that the index has: none when a server of version 1 wrote it, because there was
// no index.
// For stores.
func IndexedDigests(m policy.Membership) []DigestEntry {
	if m.UserGeneration == "" {
		return nil
	}
	return DigestEntries(m)
}

// Without lists those of the entries that are not among the others. For stores.
func Without(entries, others []DigestEntry) []DigestEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e DigestEntry) bool { return slices.Contains(others, e) })
}
