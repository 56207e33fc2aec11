package boltstore

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

func addressKey(folded, accountID string) string { return folded + separator + accountID }

// claimEmail makes a person's address lead to the person, unless it leads to another one. That of a robot leads nowhere.
func claimEmail(tx *bbolt.Tx, user policy.User) error {
	if user.IsRobot() {
		return nil
	}
	address := addressKey(policy.FoldEmail(user.Email), user.AccountID)
	if owner := bucketAddresses.get(tx, address); owner != nil && string(owner) != user.ID {
		return store.ErrEmailTaken
	}
	return bucketAddresses.put(tx, address, []byte(user.ID))
}

// releaseEmail frees an address that leads to the user.
func releaseEmail(tx *bbolt.Tx, user policy.User, folded string) error {
	address := addressKey(folded, user.AccountID)
	if string(bucketAddresses.get(tx, address)) != user.ID {
		return nil
	}
	return bucketAddresses.delete(tx, address)
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
		return bucketAddresses.scan(tx, folded+separator, everything(), func(accountID string, id []byte) error {
			if strings.Contains(accountID, separator) {
				return nil // the key of a longer address with a slash
			}
			user, err := load[policy.User](tx, bucketUsers, userKey(accountID, string(id)))
			users = append(users, user)
			return err
		})
	})
	return users, err
}

// oldEmails and oldEmailAccounts were two buckets in the place of bucketAddresses: account/folded address → user, and folded
// address/account → nothing.
const (
	oldEmails        bucket = "emails"
	oldEmailAccounts bucket = "email_accounts"
)

// moveOldEmails gives each person the address that leads to the person in oldEmails, and removes both old buckets. Version 1 folds
// addresses in another way, so the upgrade has claimed those.
func moveOldEmails(tx *bbolt.Tx) error {
	if tx.Bucket([]byte(oldEmails)) == nil {
		return nil
	}
	err := oldEmails.scan(tx, "", everything(), func(key string, id []byte) error {
		accountID, folded, _ := strings.Cut(key, separator)
		user, err := load[policy.User](tx, bucketUsers, userKey(accountID, string(id)))
		if errors.Is(err, store.ErrNotFound) || err == nil && policy.FoldEmail(user.Email) != folded {
			return nil
		}
		if err != nil {
			return err
		}
		if err := claimEmail(tx, user); !errors.Is(err, store.ErrEmailTaken) {
			return err
		}
		return nil
	})
	for _, old := range []bucket{oldEmails, oldEmailAccounts} {
		if err == nil && tx.Bucket([]byte(old)) != nil {
			err = tx.DeleteBucket([]byte(old))
		}
	}
	return err
}
