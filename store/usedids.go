package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"mintkey/policy"
)

// ErrIDUsed refuses to create a record with an ID that a deleted one had (R31). It is an ErrExists too.
var ErrIDUsed = fmt.Errorf("the ID was used before: %w", ErrExists)

// UsedIDs are digests of the IDs of deleted records, which stay taken (R31). Deleting a record adds its ID, and creating one asks for
// it; the methods here are for copies.
type UsedIDs interface {
	// EachUsedID visits every digest, in no order. An error of visit ends the visit and is returned.
	EachUsedID(ctx context.Context, visit func(digest string) error) error
	// AddUsedIDs adds digests. One that is there already changes nothing.
	AddUsedIDs(ctx context.Context, digests ...string) error
}

// UsedUserID is the digest that is kept of the ID of a deleted user. For stores.
func UsedUserID(id string) string {
	digest := sha256.Sum256([]byte("user|" + id))
	return hex.EncodeToString(digest[:])
}

// FoldedAs lists the forms under which a user's address may be claimed: a server of version 1 folded less. For stores.
func FoldedAs(user policy.User) []string {
	folded := []string{policy.FoldEmail(user.Email)}
	if first := strings.ToLower(user.Email); user.Generation == "" && first != folded[0] {
		folded = append(folded, first)
	}
	return folded
}
