package redisstore

import (
	"context"
	"slices"
	"strings"

	"mintkey/store"
)

// pointer says which membership got an access key first. It never changes while the key exists: see keymove.go.
type pointer struct {
	tenantID, userID string
}

func (p pointer) String() string { return p.tenantID + "/" + p.userID }

func parsePointer(text string) pointer {
	tenantID, userID, _ := strings.Cut(text, "/")
	return pointer{tenantID, userID}
}

// claimClientID makes the client ID point to a membership. It returns store.ErrExists if the ID points to another one.
func (s *Store) claimClientID(ctx context.Context, clientID string, to pointer) error {
	return untilSaved(ctx, func() (bool, error) {
		old, err := s.get(ctx, clientKey(clientID))
		switch {
		case err != nil:
			return false, err
		case old.exists && old.value == to.String():
			return true, nil
		case old.exists:
			return false, store.ErrExists
		}
		var c change
		c.put(old, to.String())
		return s.commit(ctx, c)
	})
}

// dropClientIDs removes client IDs that no access key has any more. If it fails, the client ID points to a membership without the key,
// which readers treat the same way.
func (s *Store) dropClientIDs(ctx context.Context, ids []string) {
	for _, id := range ids {
		s.pointers.drop(id)
		_ = s.client.Del(ctx, clientKey(id)).Err()
	}
}

// missing lists those of the IDs that are not among the others.
func missing(ids, others []string) []string {
	var found []string
	for _, id := range ids {
		if !slices.Contains(others, id) && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	return found
}
