package storetest

import (
	"context"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func cancellationCases() []testCase {
	return []testCase{
		{"cancelled reads", cancelledReads},
		{"cancelled writes", cancelledWrites},
	}
}

func cancelled(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func cancelledReads(t testing.TB, at place) {
	s := at.connect(t)
	Populate(t, s)
	for _, r := range reads() {
		_, err := r.run(cancelled(t), s)
		if err == nil {
			t.Errorf("%s returns nil", r.name)
		}
		wantError(t, err, context.Canceled)
	}
	wantError(t, s.Ping(cancelled(t)), context.Canceled)
	check(t, s.Ping(t.Context()))
	late, cancel := context.WithDeadline(t.Context(), day(-10000))
	defer cancel()
	_, err := s.Account(late, acme)
	wantError(t, err, context.DeadlineExceeded)
}

func cancelledWrites(t testing.TB, at place) {
	s := at.connect(t)
	ctx := cancelled(t)
	Populate(t, s)
	before := Everything(t, s)
	e := []policy.Event{event(acme, load, 7)}
	wantError(t, s.CreateAccount(ctx, account(other), e...), context.Canceled)
	wantError(t, s.CreateTenant(ctx, tenant(t, acme, "perf"), e...), context.Canceled)
	wantError(t, s.CreateUser(ctx, user(acme, bob), e...), context.Canceled)
	for _, c := range changes() {
		wantError(t, c.run(ctx, s, e, nil), context.Canceled)
	}
	wantError(t, s.DeleteUser(ctx, acme, ada, e...), context.Canceled)
	wantError(t, s.RecordEvents(ctx, e...), context.Canceled)
	later := map[store.KeyRef]store.KeyAccess{{TenantID: load, ClientID: "mk_1"}: used(second(9))}
	wantError(t, s.RecordAccess(ctx, later), context.Canceled)
	wantError(t, s.UpdateDocument(ctx, "signing-keys", func([]byte) ([]byte, error) { return []byte("new"), nil }), context.Canceled)
	_, err := s.ClaimOutbox(ctx, day(100), day(101), 10)
	wantError(t, err, context.Canceled)
	entry := store.OutboxEntry{Event: event(acme, "", 2)}
	wantError(t, s.CompleteOutbox(ctx, entry), context.Canceled)
	wantError(t, s.PostponeOutbox(ctx, entry, day(100)), context.Canceled)
	wantError(t, s.RecordRevocations(ctx, revocation(3)), context.Canceled)
	wantError(t, s.ForgetRevocations(ctx, farOff()), context.Canceled)
	wantError(t, s.PutEphemeral(ctx, "session/1", []byte("new"), farOff()), context.Canceled)
	wantError(t, s.DeleteEphemeral(ctx, "session/1"), context.Canceled)
	wantError(t, s.UpdateEphemeral(ctx, "session/1", func([]byte) ([]byte, time.Time, error) {
		return []byte("new"), farOff(), nil
	}), context.Canceled)
	_, err = s.TakeEphemeral(ctx, "session/1")
	wantError(t, err, context.Canceled)
	wantError(t, s.ForgetEphemera(ctx, farOff().Add(time.Hour)), context.Canceled)
	wantError(t, s.RecordTraffic(ctx, asked(load, "mk_1", day(3), given(1))), context.Canceled)
	wantError(t, s.ForgetTraffic(ctx, farOff()), context.Canceled)
	_, err = s.Reserve(ctx, "ada", store.Rate{Burst: 1, Period: time.Hour})
	wantError(t, err, context.Canceled)
	wantError(t, s.Refund(ctx, "ada", store.Rate{Burst: 1, Period: time.Hour}), context.Canceled)
	equal(t, "everything", Everything(t, s), before)
	wantLeft(t, s, "ada", store.Rate{Burst: 1, Period: time.Hour})
}
