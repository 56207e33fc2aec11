package admin_test

import (
	"context"
	"path/filepath"
	"testing"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// What is chosen by a filter is what the table shows for it, and nothing else is stopped.
func TestChosenKeys(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := crowd(t, open)
		in, actor, service := w.place(0), w.actor(), w.services[0]
		choice := admin.KeyChoice{Filter: admin.KeyFilter{Text: "U000 mk_1"}, State: admin.KeysActive}
		want, err := service.KeyTable(t.Context(), actor, in, admin.KeyTableQuery{Filter: choice.Filter, State: choice.State, Limit: 1000})
		must(t, err)
		before := len(everyKey(t, w.store, in, w.at))
		preview, err := service.PreviewChosen(t.Context(), actor, in, choice, false)
		must(t, err)
		if preview.Total != want.Matching || len(preview.Keys) != want.Matching || preview.Total == 0 || preview.More {
			t.Fatalf("%d keys of %d are chosen, of %d in the table", len(preview.Keys), preview.Total, want.Matching)
		}
		suspended, err := service.SuspendChosen(t.Context(), actor, in, choice, "clean-up")
		must(t, err)
		again, err := service.SuspendChosen(t.Context(), actor, in, admin.KeyChoice{Filter: choice.Filter}, "clean-up")
		must(t, err)
		if len(suspended.Keys) != want.Matching || len(again.Keys) != 0 {
			t.Errorf("%d keys are suspended, and %d once more", len(suspended.Keys), len(again.Keys))
		}
		revoked, err := service.RevokeChosen(t.Context(), actor, in, admin.KeyChoice{Filter: choice.Filter, State: admin.KeysSuspended})
		must(t, err)
		if left := len(everyKey(t, w.store, in, w.at)); len(revoked.Keys) != want.Matching || left != before-want.Matching {
			t.Errorf("%d keys are revoked, and %d of %d left", len(revoked.Keys), left, before)
		}
		named := admin.KeyChoice{ClientIDs: []string{"mk_00000", "mk_nothing", revoked.Keys[0].ClientID}}
		if revoked, err = service.RevokeChosen(t.Context(), actor, in, named); err != nil || len(revoked.Keys) != 1 {
			t.Errorf("by name %d keys are revoked, %v", len(revoked.Keys), err)
		}
	})
}

// oneBolt opens one store, again and again.
func oneBolt(t *testing.T) func() store.Store {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return func() store.Store { return s }
}

// A choice of more than one call ends says so, and comes to its end by repeats.
func TestChosenKeysOfManyCalls(t *testing.T) {
	w := crowd(t, oneBolt(t))
	in, actor, service := w.place(0), w.actor(), w.services[0]
	choice := admin.KeyChoice{Filter: admin.KeyFilter{Text: "mk_1"}}
	first, err := service.RevokeChosen(t.Context(), actor, in, choice)
	must(t, err)
	if len(first.Keys) != admin.MaxRevokedAtOnce || !first.More {
		t.Errorf("%d keys are revoked at once, more %t", len(first.Keys), first.More)
	}
	preview, err := service.PreviewChosen(t.Context(), actor, in, choice, false)
	must(t, err)
	if preview.Total != 2600-admin.MaxRevokedAtOnce || !preview.More {
		t.Errorf("%d are left", preview.Total)
	}
}

// meddled changes a key between the moment that it is listed and the one that it is stopped.
type meddled struct {
	store.Store

	before func()
}

func (m *meddled) SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error) {
	if f := m.before; f != nil {
		m.before = nil
		f()
	}
	return m.Store.SubjectByClientID(ctx, clientID)
}

// A key that another admin gives a new label meanwhile, so that it does not match any more, stays.
func TestChosenKeysAreJudgedAgain(t *testing.T) {
	w := crowd(t, oneBolt(t))
	in, actor := w.place(0), w.actor()
	s := &meddled{Store: w.store}
	service := &admin.Service{Store: s}
	label := func(text string) func() {
		return func() {
			must(t, w.store.UpdateMembership(t.Context(), "berlin", "u0000", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Keys[0].Label = text
				return m, nil, nil
			}))
		}
	}
	label("temporary")()
	s.before = label("payroll")
	revoked, err := service.RevokeChosen(t.Context(), actor, in, admin.KeyChoice{Filter: admin.KeyFilter{Text: "temporary"}})
	must(t, err)
	if len(revoked.Keys) != 0 {
		t.Errorf("%v was revoked", revoked.Keys)
	}
}
