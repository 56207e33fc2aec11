package storetest_test

import (
	"context"
	"errors"
	"time"

	"mintkey/store"
)

func ephemeraTwins() []twin {
	puts := meetingIn(func(s store.Store, m meeting) store.Store { return readsThenPuts{s, m} })
	takes := meetingIn(func(s store.Store, m meeting) store.Store { return looksThenTakes{s, m} })
	return []twin{
		{"ephemeral is kept", "keeps the first value", func(s store.Store) store.Store { return keepsFirst{s} }},
		{"ephemeral missing", "returns an empty value", func(s store.Store) store.Store { return emptyEphemeral{s} }},
		{"ephemeral is taken once", "leaves what is taken", func(s store.Store) store.Store { return leavesTaken{s} }},
		{"ephemeral is deleted", "complains of what is gone", func(s store.Store) store.Store { return complains{s} }},
		{"ephemeral is updated", "changes what is refused", func(s store.Store) store.Store { return updatesRefused{s} }},
		{"updates of an ephemeral at once all count", "reads, then writes", puts()},
		{"ephemera are forgotten after their time", "never forgets", func(s store.Store) store.Store { return neverForgets{s} }},
		{"ephemera are forgotten after their time", "minds times of old", func(s store.Store) store.Store {
			return mindsOldTimes{s, map[string]time.Time{}}
		}},
		{"race for an ephemeral has one winner", "looks before it takes", takes()},
	}
}

type keepsFirst struct{ store.Store }

func (b keepsFirst) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	if _, err := b.Ephemeral(ctx, key); err == nil {
		return nil
	}
	return b.Store.PutEphemeral(ctx, key, value, expires)
}

type emptyEphemeral struct{ store.Store }

func (b emptyEphemeral) Ephemeral(ctx context.Context, key string) ([]byte, error) {
	value, err := b.Store.Ephemeral(ctx, key)
	return value, unless(err, store.ErrNotFound)
}

type leavesTaken struct{ store.Store }

func (b leavesTaken) TakeEphemeral(ctx context.Context, key string) ([]byte, error) {
	return b.Ephemeral(ctx, key)
}

type complains struct{ store.Store }

func (b complains) DeleteEphemeral(ctx context.Context, key string) error {
	_, err := b.TakeEphemeral(ctx, key)
	return err
}

// mindsOldTimes forgets a value when the time has come that an earlier one had under the same key.
type mindsOldTimes struct {
	store.Store
	earliest map[string]time.Time
}

func (b mindsOldTimes) PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error {
	if old, ok := b.earliest[key]; !ok || expires.Before(old) {
		b.earliest[key] = expires
	}
	return b.Store.PutEphemeral(ctx, key, value, expires)
}

func (b mindsOldTimes) ForgetEphemera(ctx context.Context, now time.Time) error {
	var err error
	for key, expires := range b.earliest {
		if !expires.After(now) {
			err = errors.Join(err, b.DeleteEphemeral(ctx, key))
		}
	}
	return err
}

type looksThenTakes struct {
	store.Store
	meeting
}

func (b looksThenTakes) TakeEphemeral(ctx context.Context, key string) ([]byte, error) {
	value, err := b.Ephemeral(ctx, key)
	b.wait()
	if err != nil {
		return nil, err
	}
	return value, b.DeleteEphemeral(ctx, key)
}

type updatesRefused struct{ store.Store }

func (b updatesRefused) UpdateEphemeral(ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error)) (err error) {
	return errors.Join(b.Store.UpdateEphemeral(ctx, key, func(before []byte) (after []byte, expires time.Time, _ error) {
		after, expires, err = change(before)
		return after, expires, nil
	}), err)
}

type readsThenPuts struct {
	store.Store
	meeting
}

func (b readsThenPuts) UpdateEphemeral(ctx context.Context, key string, change func([]byte) ([]byte, time.Time, error)) error {
	before, err := b.Ephemeral(ctx, key)
	if unless(err, store.ErrNotFound) != nil {
		return err
	}
	b.wait()
	after, expires, err := change(before)
	if err != nil {
		return err
	}
	return b.PutEphemeral(ctx, key, after, expires)
}
