package storetest_test

import (
	"context"
	"errors"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

type userChange = func(policy.User) (policy.User, []policy.Event, error)

func userTwins() []twin {
	return []twin{
		{"user is kept", "loses the password", func(s store.Store) store.Store { return losesPassword{s} }},
		{"user ID is taken once", "pretends success", func(s store.Store) store.Store { return pretendsUser{s, store.ErrExists} }},
		{"user missing", "deletes what is not there", func(s store.Store) store.Store { return deletesNobody{s} }},
		{"user changes", "finds the old user by address", func(s store.Store) store.Store { return &remembersUser{Store: s} }},
		{"user change refused", "saves all the same", func(s store.Store) store.Store { return savesRefusedUser{s} }},
		{"user deleted frees the address", "only disables", func(s store.Store) store.Store { return disablesOnly{s} }},
		{"user deleted frees the address", "keeps the address claimed", func(s store.Store) store.Store { return &keepsAddress{Store: s} }},
		{"user of another account", "ignores the account", func(s store.Store) store.Store { return ignoresAccount{s} }},
		{"users by ID", "makes up users", func(s store.Store) store.Store { return makesUpUsers{s} }},
		{"users in pages, by account", "lists backwards", func(s store.Store) store.Store { return backwardUsers{s} }},
		{"e-mail address is taken once in an account", "pretends success", func(s store.Store) store.Store {
			return pretendsUser{s, store.ErrEmailTaken}
		}},
		{"e-mail address is found in any case", "minds the case", func(s store.Store) store.Store { return mindsCase{s} }},
		{"e-mail address of another is refused on change", "pretends success", func(s store.Store) store.Store { return pretendsUserChange{s} }},
		{"e-mail address moves with its user", "keeps the old address", func(s store.Store) store.Store { return &remembersUser{Store: s} }},
		{"e-mail address moves with its user", "keeps the address claimed", func(s store.Store) store.Store { return &keepsAddress{Store: s} }},
		{"e-mail address of a robot leads nowhere", "takes robots for persons", func(s store.Store) store.Store { return takesForPersons{s} }},
		{"e-mail address is free once its user is a robot", "keeps the address claimed", func(s store.Store) store.Store {
			return &keepsAddress{Store: s}
		}},
		{"e-mail address changes its case", "is in its own way", func(s store.Store) store.Store { return inItsOwnWay{s} }},
	}
}

type losesPassword struct{ store.Store }

func (b losesPassword) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	u.PasswordHash = ""
	return b.Store.CreateUser(ctx, u, events...)
}

type pretendsUser struct {
	store.Store
	hidden error
}

func (b pretendsUser) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	return unless(b.Store.CreateUser(ctx, u, events...), b.hidden)
}

type deletesNobody struct{ store.Store }

func (b deletesNobody) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	return unless(b.Store.DeleteUser(ctx, accountID, id, events...), store.ErrNotFound)
}

// remembersUser has an index of addresses that only creation writes.
type remembersUser struct {
	store.Store
	users []policy.User
}

func (b *remembersUser) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	b.users = append(b.users, u)
	return b.Store.CreateUser(ctx, u, events...)
}

func (b *remembersUser) UserByEmail(ctx context.Context, accountID, email string) (policy.User, error) {
	for _, u := range b.users {
		if u.Email == email && u.AccountID == accountID {
			return u, nil
		}
	}
	return b.Store.UserByEmail(ctx, accountID, email)
}

type savesRefusedUser struct{ store.Store }

func (b savesRefusedUser) UpdateUser(ctx context.Context, accountID, id string, change userChange) error {
	var refused error
	err := b.Store.UpdateUser(ctx, accountID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		u, events, err := change(u)
		refused = err
		return u, events, nil
	})
	if refused != nil {
		return refused
	}
	return err
}

type disablesOnly struct{ store.Store }

func (b disablesOnly) DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error {
	return b.UpdateUser(ctx, accountID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		u.Disabled = true
		return u, events, nil
	})
}

// keepsAddress never frees an address that was once taken.
type keepsAddress struct {
	store.Store
	taken []string
}

func (b *keepsAddress) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	if slices.Contains(b.taken, u.Email) {
		return store.ErrEmailTaken
	}
	b.taken = append(b.taken, u.Email)
	return b.Store.CreateUser(ctx, u, events...)
}

type ignoresAccount struct{ store.Store }

func (b ignoresAccount) User(ctx context.Context, accountID, id string) (policy.User, error) {
	u, err := b.Store.User(ctx, accountID, id)
	if errors.Is(err, store.ErrNotFound) {
		return b.Store.User(ctx, "acme", id)
	}
	return u, err
}

type makesUpUsers struct{ store.Store }

func (b makesUpUsers) UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error) {
	found, err := b.Store.UsersByID(ctx, accountID, ids)
	for _, id := range ids {
		if _, ok := found[id]; !ok {
			found[id] = policy.User{}
		}
	}
	return found, err
}

type backwardUsers struct{ store.Store }

func (b backwardUsers) Users(ctx context.Context, accountID string, page store.Page) ([]policy.User, error) {
	users, err := b.Store.Users(ctx, accountID, page)
	slices.Reverse(users)
	return users, err
}

type mindsCase struct{ store.Store }

func (b mindsCase) UserByEmail(ctx context.Context, accountID, email string) (policy.User, error) {
	u, err := b.Store.UserByEmail(ctx, accountID, email)
	if err == nil && u.Email != email {
		return policy.User{}, store.ErrNotFound
	}
	return u, err
}

type pretendsUserChange struct{ store.Store }

func (b pretendsUserChange) UpdateUser(ctx context.Context, accountID, id string, change userChange) error {
	return unless(b.Store.UpdateUser(ctx, accountID, id, change), store.ErrEmailTaken)
}

type inItsOwnWay struct{ store.Store }

func (b inItsOwnWay) UpdateUser(ctx context.Context, accountID, id string, change userChange) error {
	return b.Store.UpdateUser(ctx, accountID, id, func(before policy.User) (policy.User, []policy.Event, error) {
		after, events, err := change(before)
		if after.Email != before.Email && policy.FoldEmail(after.Email) == policy.FoldEmail(before.Email) {
			return after, events, store.ErrEmailTaken
		}
		return after, events, err
	})
}

type takesForPersons struct{ store.Store }

func (b takesForPersons) CreateUser(ctx context.Context, u policy.User, events ...policy.Event) error {
	u.Kind = policy.KindPerson
	return b.Store.CreateUser(ctx, u, events...)
}
