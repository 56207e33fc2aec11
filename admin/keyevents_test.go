package admin_test

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// readsOfEvents counts how many events are asked for.
type readsOfEvents struct {
	store.Store

	asked int
}

func (r *readsOfEvents) Events(ctx context.Context, accountID string, q store.EventsQuery) ([]policy.Event, error) {
	r.asked += q.Limit
	return r.Store.Events(ctx, accountID, q)
}

// What happened to one key among very many events of others is found in steps of a bounded size, by its owner and by admins, and by nobody
// else.
func TestKeyEventsLooksAtABoundedNumber(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		const others = 12_000
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityTenantAdmin, policy.AuthorityMember)
		counted := &readsOfEvents{Store: w.services[0].Store}
		service := &admin.Service{Store: counted, Catalogue: w.services[0].Catalogue}
		event := func(i int, clientID string) policy.Event {
			var random [10]byte
			binary.BigEndian.PutUint64(random[:], uint64(i))
			at := start.Add(time.Duration(i) * time.Millisecond)
			return policy.Event{
				ID: policy.NewEventID(at, random), At: at, Action: policy.ActionKeyUpdated, AccountID: "acme", TenantID: "berlin", ClientID: clientID,
			}
		}
		events := []policy.Event{event(0, a.client)}
		for i := range others {
			if events = append(events, event(i+1, "mk_other")); len(events) == 1000 {
				must(t, w.store.RecordEvents(t.Context(), events...))
				events = nil
			}
		}
		must(t, w.store.RecordEvents(t.Context(), append(events, event(others+1, a.client))...))
		owner := a.actor
		owner.Subject, owner.Scopes = w.recordOf(a.user), []string{policy.ScopeSelf}
		for name, actor := range map[string]admin.Actor{"an admin": a.actor, "the owner": owner} {
			counted.asked = 0
			found, next, err := service.KeyEvents(t.Context(), actor, a.in, a.client, "", 20)
			if err != nil || len(found) != 1 || next == "" || counted.asked > 10_000 {
				t.Fatalf("%s: %d events, next %q, after a look at %d: %v", name, len(found), next, counted.asked, err)
			}
			found, next, err = service.KeyEvents(t.Context(), actor, a.in, a.client, next, 20)
			if err != nil || len(found) != 1 || next != "" {
				t.Errorf("%s: further back %d events, next %q: %v", name, len(found), next, err)
			}
		}
		stranger := w.attempt(policy.AuthorityMember, policy.AuthorityMember).actor
		if _, _, err := service.KeyEvents(t.Context(), stranger, a.in, a.client, "", 20); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another member: %v", err)
		}
		if _, _, err := service.KeyEvents(t.Context(), a.actor, w.place(1), a.client, "", 20); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("in another tenant: %v", err)
		}
	})
}
