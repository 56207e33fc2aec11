package boltstore

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

func emailKey(accountID, folded string) string { return accountID + separator + folded }

func emailAccountKey(folded, accountID string) string { return folded + separator + accountID }

// claimEmail makes a person's address lead to the person, unless it leads to another one. That of a robot leads nowhere.
func claimEmail(tx *bbolt.Tx, user policy.User) error {
	if user.IsRobot() {
		return nil
	}
	folded := policy.FoldEmail(user.Email)
	if owner := bucketEmails.get(tx, emailKey(user.AccountID, folded)); owner != nil && string(owner) != user.ID {
		return store.ErrEmailTaken
	}
	return errors.Join(
		bucketEmails.put(tx, emailKey(user.AccountID, folded), []byte(user.ID)),
		bucketEmailAccounts.put(tx, emailAccountKey(folded, user.AccountID), nil),
	)
}

// releaseEmail frees an address that leads to the user.
func releaseEmail(tx *bbolt.Tx, user policy.User, folded string) error {
	if string(bucketEmails.get(tx, emailKey(user.AccountID, folded))) != user.ID {
		return nil
	}
	return errors.Join(
		bucketEmails.delete(tx, emailKey(user.AccountID, folded)),
		bucketEmailAccounts.delete(tx, emailAccountKey(folded, user.AccountID)),
	)
}

// moveEmail gives up the address that the user had and claims the present one. See store.FoldedAs.
func moveEmail(tx *bbolt.Tx, before, after policy.User) error {
	for _, folded := range store.FoldedAs(before) {
		if folded != policy.FoldEmail(after.Email) || after.IsRobot() {
			if err := releaseEmail(tx, before, folded); err != nil {
				return err
			}
		}
	}
	err := claimEmail(tx, after)
	if errors.Is(err, store.ErrEmailTaken) && after.Email == before.Email && !before.IsRobot() {
		return nil // somebody else had an address that counts as the same only now
	}
	return err
}

// UsersByEmail implements store.Users.
func (s *Store) UsersByEmail(ctx context.Context, email string) (users []policy.User, err error) {
	folded := policy.FoldEmail(email)
	err = s.read(ctx, func(tx *bbolt.Tx) error {
		return bucketEmailAccounts.scan(tx, folded+separator, everything(), func(accountID string, _ []byte) error {
			if strings.Contains(accountID, separator) {
				return nil // the key of a longer address with a slash
			}
			id := bucketEmails.get(tx, emailKey(accountID, folded))
			if id == nil {
				return nil
			}
			user, err := load[policy.User](tx, bucketUsers, userKey(accountID, string(id)))
			users = append(users, user)
			return err
		})
	})
	return users, err
}
