package redisstore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redistest"
)

// seedMembers makes members x0, x1 and so on of tenant build, each with the access key mk_x0, mk_x1 and so on.
func seedMembers(t *testing.T, s store.Store, count int) []string {
	t.Helper()
	seed(t, s)
	var ids []string
	for i := range count {
		id := fmt.Sprint("x", i)
		user := ada("acme")
		user.ID, user.Email = id, id+"@example.com"
		err := errors.Join(
			s.CreateUser(t.Context(), user),
			s.UpdateMembership(t.Context(), "build", id, join),
			s.UpdateMembership(t.Context(), "build", id, addKey("mk_"+id)),
		)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// A script that deleted a record to write it again would leave it deleted: while a slot moves, its owner refuses to write a missing key.
func TestChangeWhileItsSlotMovesLosesNothing(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := opened(t, cluster.URL())
	ids := seedMembers(t, s, 4)
	move := cluster.BeginMove(t, "{t:build}")
	for _, id := range ids {
		err := s.UpdateMembership(t.Context(), "build", id, promote)
		if err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a change while the slot moves: %v", err)
		}
		checkRole(t, s, id, err == nil)
	}
	tenant, err := s.Tenant(t.Context(), "build")
	if err != nil {
		t.Fatal(err)
	}
	err = s.UpdateTenant(t.Context(), "build", func(now policy.Tenant) (policy.Tenant, []policy.Event, error) { return now, nil, nil })
	if err != nil && !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change of the tenant %v while its slot moves: %v", tenant, err)
	}
	move.Finish()
	for _, id := range ids {
		if err := works(t, s, "mk_"+id); err != nil {
			t.Errorf("key of %s after the move: %v", id, err)
		}
		redistest.Eventually(t, "changes work again", func() bool {
			return s.UpdateMembership(t.Context(), "build", id, promote) == nil
		})
		checkRole(t, s, id, true)
	}
}

// Traffic goes on while the keys of the slot move one after the other.
func TestTrafficDuringAMoveLosesNothing(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	s := opened(t, cluster.URL())
	ids := seedMembers(t, s, 8)
	move := cluster.BeginMove(t, "{t:build}")
	stop := make(chan struct{})
	var traffic sync.WaitGroup
	revoked := make([]bool, len(ids))
	for i, id := range ids {
		traffic.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				edit := promote
				if i%2 == 1 {
					edit = revokeAnnounced(id)
				}
				err := s.UpdateMembership(t.Context(), "build", id, edit)
				switch {
				case err == nil && i%2 == 1:
					revoked[i] = true
					return
				case err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrConflict):
					t.Errorf("a change of %s: %v", id, err)
				}
				if err := works(t, s, "mk_"+id); err != nil {
					t.Errorf("key of %s: %v", id, err)
				}
			}
		})
	}
	for move.Step() {
	}
	move.Finish()
	redistest.Eventually(t, "changes work again", func() bool { return s.UpdateMembership(t.Context(), "build", "ada", join) == nil })
	close(stop)
	traffic.Wait()
	announced := map[string]bool{}
	for _, entry := range claim(t, s, epoch) {
		announced[entry.Event.ClientID] = true
	}
	for i, id := range ids {
		err := works(t, s, "mk_"+id)
		if gone := errors.Is(err, store.ErrNotFound); gone != revoked[i] || err != nil && !gone {
			t.Errorf("key of %s, revoked %v: %v", id, revoked[i], err)
		}
		if announced["mk_"+id] != revoked[i] {
			t.Errorf("revocation of %s: %v, announced: %v", id, revoked[i], announced["mk_"+id])
		}
	}
}

// A command that the ACL forbids is refused before the script has done anything.
func TestChangeThatTheACLForbidsChangesNothing(t *testing.T) {
	for command, edit := range map[string]store.MembershipChange{
		"set": revokeAnnounced("one"), "zadd": revokeAnnounced("one"), "ltrim": revoke("mk_one"), "zrem": revoke("mk_one"), "del": leave,
	} {
		t.Run(command, func(t *testing.T) {
			server := redistest.Start(t)
			s := opened(t, server.URL())
			seed(t, s)
			mustUpdate(t, s, addKey("mk_one"))
			server.Do("ACL", "SETUSER", "default", "-"+command)
			if err := update(t.Context(), s, edit); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("a change without the right to %s: %v", command, err)
			}
			if err := works(t, s, "mk_one"); err != nil {
				t.Errorf("the key afterwards: %v", err)
			}
			events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 10})
			if err != nil || len(events) != 1 {
				t.Errorf("%d events afterwards, %v; want 1", len(events), err)
			}
		})
	}
}

func leave(m policy.Membership) (policy.Membership, []policy.Event, error) {
	m, _ = m.Removed()
	return m, []policy.Event{event("mk_one", policy.ActionKeyRevoked)}, nil
}

func promote(m policy.Membership) (policy.Membership, []policy.Event, error) {
	m, err := m.WithRole(policy.RoleTenantAdmin, epoch)
	return m, nil, err
}

func revokeAnnounced(userID string) store.MembershipChange {
	return func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithoutKey("mk_" + userID)
		e := event("mk_"+userID, policy.ActionKeyRevoked)
		e.Announce = true
		return m, []policy.Event{e}, err
	}
}

func checkRole(t *testing.T, s store.Store, userID string, promoted bool) {
	t.Helper()
	m, err := s.Membership(t.Context(), "build", userID)
	if err != nil || (m.Role == policy.RoleTenantAdmin) != promoted {
		t.Errorf("%s has the role %q, promoted %v: %v", userID, m.Role, promoted, err)
	}
}
