package store

import (
	"context"
	"slices"

	"mintkey/policy"
)

// KeyLocation names the membership that an access key is in.
type KeyLocation struct {
	TenantID string
	UserID   string
	ClientID string
}

// Digests finds access keys by the digests of their secrets. UpdateMembership keeps the index.
type Digests interface {
	// KeysByDigestPrefix lists, in no order, the client IDs of keys that have a secret whose digest has the prefix (policy.Digest.Prefix).
	// The list may include a key that no longer has it, and prefixes can collide: compare the whole digest with the key's.
	KeysByDigestPrefix(ctx context.Context, prefix string) ([]string, error)
}

// DigestEntry is an entry of the index behind Digests.
type DigestEntry struct {
	Prefix   string
	ClientID string
}

// DigestEntries lists the entries of a membership. It is for stores.
func DigestEntries(m policy.Membership) []DigestEntry {
	if !m.Exists() {
		return nil
	}
	var entries []DigestEntry
	for _, key := range m.Keys {
		for _, secret := range key.Secrets {
			entries = append(entries, DigestEntry{secret.Digest.Prefix(), key.ClientID})
		}
	}
	return entries
}

// IndexedDigests lists the entries of a membership that are in the index: none when a server of version 1 wrote it,
// because there was no index. It is for stores.
func IndexedDigests(m policy.Membership) []DigestEntry {
	if m.UserGeneration == "" {
		return nil
	}
	return DigestEntries(m)
}

// Without lists the entries that are not among the others. It is for stores.
func Without(entries, others []DigestEntry) []DigestEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e DigestEntry) bool { return slices.Contains(others, e) })
}
