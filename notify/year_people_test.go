package notify_test

import (
	"fmt"

	"mintkey/policy"
)

// change is one thing that people do.
func (y *year) change() {
	p := y.people[y.random.IntN(len(y.people))]
	s := y.stores[y.random.IntN(len(y.stores))]
	account, err := s.Account(y.t.Context(), p.account)
	must(y.t, err)
	m, err := s.Membership(y.t.Context(), p.tenant, p.user)
	must(y.t, err)
	live := m.LiveKeys(account.Expiration, y.now)
	actor := p.user
	if y.random.IntN(2) == 0 {
		actor = "" // the operator
	}
	switch what := y.random.IntN(20); {
	case what == 0:
		y.revise(s, p.account)
	case what == 1 && len(m.Keys) > 0: // leaves the tenant, and comes back
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			left, revoked := m.Removed()
			var ids []string
			for _, key := range revoked {
				ids = append(ids, key.ClientID)
			}
			return left, ids, policy.ActionKeyRevoked, nil
		})
		join(y.t, s, p.tenant, p.user, y.now)
		for _, key := range m.Keys {
			y.model.revoke(key.ClientID, actor, y.now)
		}
	case what < 12 && len(live) < policy.MaxKeys:
		y.made++
		id := fmt.Sprintf("mk_%d", y.made)
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithKey(newKey(id, "", y.now), account.Expiration, y.now)
			return m, []string{id}, policy.ActionKeyCreated, err
		})
		y.model.create(p.account, p.tenant, p.user, id, actor, y.now)
	case what < 14 && len(live) > 0:
		id := live[y.random.IntN(len(live))].ClientID
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithRefreshedKey(id, policy.Secret{}, policy.Refresh{}, account.Expiration, y.now)
			return m, []string{id}, policy.ActionKeyRefreshed, err
		})
		y.model.refresh(id, actor, y.now)
	case what < 15 && len(live) > 0:
		id := live[y.random.IntN(len(live))].ClientID
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithoutKey(id)
			return m, []string{id}, policy.ActionKeyRevoked, err
		})
		y.model.revoke(id, actor, y.now)
	}
}

type keyChange func(policy.Membership) (policy.Membership, []string, policy.Action, error)

// update changes a membership with the events that the server would write.
func (y *year) update(s fullStore, p person, actor string, change keyChange) {
	y.t.Helper()
	must(y.t, s.UpdateMembership(y.t.Context(), p.tenant, p.user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		next, ids, action, err := change(m)
		var events []policy.Event
		for _, id := range ids {
			events = append(events, policy.Event{
				ID: y.eventID(), At: y.now, Action: action, Actor: policy.Actor{UserID: actor, Via: "api"},
				AccountID: p.account, TenantID: p.tenant, UserID: p.user, ClientID: id, Announce: true,
			})
		}
		return next, events, err
	}))
}

func (y *year) eventID() string {
	var random [10]byte
	for i := range random {
		random[i] = byte(y.random.IntN(256))
	}
	return policy.NewEventID(y.now, random)
}

func (y *year) revise(s fullStore, account string) {
	y.t.Helper()
	periods := policy.Periods()
	change := policy.PolicyChange{Enabled: y.random.IntN(4) > 0, PeriodDays: periods[y.random.IntN(4)], AcknowledgeRisk: true}
	must(y.t, s.UpdateAccount(y.t.Context(), account, func(a policy.Account) (policy.Account, []policy.Event, error) {
		next, err := a.Expiration.Revise(change, y.now)
		a.Expiration = next
		return a, []policy.Event{{ID: y.eventID(), At: y.now, Action: policy.ActionPolicyChanged, AccountID: account, Announce: true}}, err
	}))
	y.model.revise(account, change.Enabled, change.PeriodDays, y.now)
}
