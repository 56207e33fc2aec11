package store

import (
	"errors"
	"maps"

	"mintkey/policy"
)

// errNotAMove is a mistake of the caller's.
var errNotAMove = errors.New("a move of an access key passes that one, and adds or drops no other")

// CheckMove returns an error unless the key passes from one of the memberships to the other, and both keep their other keys and belong to
// their users, who are zero if there are none. It is ErrConflict where both have the key before: they were read at two
// instants. For stores.
func CheckMove(clientID string, before, after [2]policy.Membership, users [2]policy.User) error {
	had, has := held(before), held(after)
	from, to := [2]string{before[0].UserID, clientID}, [2]string{before[1].UserID, clientID}
	switch {
	case had[from] && had[to]:
		return ErrConflict
	case !had[from]:
		return errNotAMove
	}
	delete(had, from)
	if had[to] = true; !maps.Equal(had, has) {
		return errNotAMove
	}
	for i, m := range after {
		if !m.Exists() {
			return ErrNotFound
		}
		if err := CheckBelongs(m, users[i]); err != nil {
			return err
		}
	}
	return nil
}

// held is the set of user IDs with the client IDs that they have.
func held(memberships [2]policy.Membership) map[[2]string]bool {
	all := map[[2]string]bool{}
	for _, m := range memberships {
		for _, key := range m.Keys {
			all[[2]string{m.UserID, key.ClientID}] = true
		}
	}
	return all
}
