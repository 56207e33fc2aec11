package admin_test

import (
	"slices"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// A membership that ends takes both keys with it: gateways hear of each, and the owner of both in one message.
func TestOneMessageForTheKeysOfAMembership(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		w := newTown(t, 1, open)
		a := w.attempt(policy.AuthorityOperator, policy.AuthorityMember)
		must(t, w.store.UpdateMembership(t.Context(), "berlin", a.user.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithKey(policy.AccessKey{
				ClientID: "mk_other", Label: "nightly", CreatedAt: start, Scopes: []string{"api"},
				Secrets: []policy.Secret{{IssuedAt: start, StatusIndex: 7}},
			}, w.place(0).Account.Expiration, w.at)
			return m, nil, err
		}))
		must(t, a.RemoveMember(t.Context(), a.actor, a.in, a.user.ID, admin.IfMatch{}))

		entries, err := w.store.ClaimOutbox(t.Context(), w.at, w.at.Add(time.Minute), 100)
		must(t, err)
		var told, silent []string
		for _, entry := range entries {
			event := entry.Event
			if event.Action != policy.ActionKeyRevoked {
				continue
			}
			if event.ClientID == "mk_other" && event.Payload.Revoked == nil { // the only key with a status index
				t.Errorf("gateways do not hear of %s", event.ClientID)
			}
			if event.Payload.Key.ToldWith != "" {
				silent = append(silent, event.ClientID+" with "+event.Payload.Key.ToldWith)
				continue
			}
			told = append(told, event.ClientID)
			for _, also := range event.Payload.Key.Also {
				told = append(told, also.ClientID)
			}
		}
		slices.Sort(told)
		if want := []string{a.client, "mk_other"}; !slices.Equal(told, sorted(want)) || len(silent) != 1 {
			t.Errorf("the owner is told of %q, and not of %q; want %q in one message", told, silent, want)
		}
	})
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return ids
}
