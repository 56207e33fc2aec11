package console

import (
	"context"
	"errors"
	"slices"

	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
)

// How many passwords one attempt checks when it names no account: as many as there are candidates, but at least as many as there are
// accounts up to leastChecks, so that the time taken does not reveal in how many of these few an address exists. With more than mostChecks
// candidates nothing is checked, and the account must be named.
const (
	leastChecks = 3
	mostChecks  = 16
)

// usersWithAddress returns the users with the address in the account, or in all accounts if it is empty.
func (c *Console) usersWithAddress(ctx context.Context, accountID, email string) ([]policy.User, error) {
	if accountID == "" {
		return c.Store.UsersByEmail(ctx, email)
	}
	user, err := c.Store.UserByEmail(ctx, accountID, email)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return []policy.User{user}, err
}

// candidates returns the users whom the form can mean, and how many passwords to check.
func (c *Console) candidates(ctx context.Context, form signInForm) (users []policy.User, checks int, err error) {
	users, err = c.usersWithAddress(ctx, form.Account, form.Email)
	if err != nil || form.Account != "" {
		return users, 1, err
	}
	if able := slices.DeleteFunc(slices.Clone(users), unable); len(able) > 0 {
		users = able
	}
	if len(users) > mostChecks {
		return nil, 0, &whichAccountError{}
	}
	accounts, err := c.Store.Accounts(ctx, store.Page{Limit: leastChecks})
	return users, max(len(users), len(accounts), 1), err
}

// unable says whether no password can let the user in.
func unable(u policy.User) bool { return u.Disabled || u.IsRobot() || u.PasswordHash == "" }

// charge is what an attempt has cost one user with the address; the user is zero if nobody has it.
type charge struct {
	user     policy.User
	reserved limits.Reservation
}

// reserve charges an attempt to each user with the address, or to the unknown address. Where other accounts have users with the same
// address, one whose budget is used up is left out, so that guesses at that one shut nobody else out.
func (c *Console) reserve(ctx context.Context, form signInForm, users []policy.User, from limits.Visitor) (charges []charge, err error) {
	if len(users) == 0 {
		budget := []limits.User{limits.UnknownUser(form.Account, form.Email)}
		reserved, err := c.Limits.Reserve(ctx, limits.Password(budget, from))
		return []charge{{reserved: reserved}}, err
	}
	for _, u := range users {
		reserved, failed := c.Limits.Reserve(ctx, limits.Password([]limits.User{limits.KnownUser(u.AccountID, u.ID)}, from))
		if failed != nil {
			err = failed
			continue
		}
		charges = append(charges, charge{u, reserved})
	}
	if len(charges) > 0 {
		err = nil
	}
	return charges, err
}

// charged returns the users who were charged.
func charged(charges []charge) (users []policy.User) {
	for _, each := range charges {
		if each.user.ID != "" {
			users = append(users, each.user)
		}
	}
	return users
}

// refund gives back what the attempt has cost each of the users. For the others with the address the password was wrong, even if it has let
// somebody in: else an admin of another account could give a user there the address and, one after the other, the passwords to try.
func refund(ctx context.Context, charges []charge, users []policy.User) {
	for _, each := range charges {
		if slices.ContainsFunc(users, func(u policy.User) bool { return u.ID == each.user.ID }) {
			each.reserved.Refund(ctx)
		}
	}
}

// refundAll gives back what the attempt has cost everybody, because nothing was learnt from it.
func refundAll(ctx context.Context, charges []charge) {
	for _, each := range charges {
		each.reserved.Refund(ctx)
	}
}

// matchPassword does at least the given number of checks, and returns the users who have the password and can sign in.
func (c *Console) matchPassword(ctx context.Context, users []policy.User, checks int, password string) ([]policy.User, error) {
	var found []policy.User
	for i := range max(checks, len(users)) {
		hash := ""
		if i < len(users) {
			hash = users[i].PasswordHash
		}
		fits, err := c.Hasher.Verify(ctx, hash, password)
		if err != nil {
			return nil, err
		}
		if fits && i < len(users) && !unable(users[i]) {
			found = append(found, users[i])
		}
	}
	return found, nil
}

// whichAccountError is errWhichAccount with the accounts that can be meant, if the password fits in each of them.
type whichAccountError struct{ accounts []policy.Account }

func (*whichAccountError) Error() string        { return errWhichAccount.Error() }
func (*whichAccountError) Is(target error) bool { return target == errWhichAccount }

// whichAccount asks somebody who has one password in several accounts which of them is meant.
func (c *Console) whichAccount(ctx context.Context, users []policy.User) error {
	which := &whichAccountError{}
	for _, u := range users {
		account, err := c.Store.Account(ctx, u.AccountID)
		if err != nil {
			return err
		}
		which.accounts = append(which.accounts, account)
	}
	return which
}
