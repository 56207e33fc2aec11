package redisstore_test

import (
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func opening(b *testing.B) *redisstore.Store {
	b.Helper()
	s, err := redisstore.Open(b.Context(), redistest.StartUnix(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	seed(b, s)
	return s
}

func BenchmarkUpdateMembership(b *testing.B) {
	for _, announce := range []bool{false, true} {
		b.Run(map[bool]string{false: "recorded", true: "announced"}[announce], func(b *testing.B) {
			s := opening(b)
			mustUpdate(b, s, addKey("mk_one"))
			at := epoch
			for b.Loop() {
				at = at.Add(time.Second)
				mustUpdate(b, s, refresh("mk_one", at, announce))
			}
		})
	}
}

func refresh(clientID string, at time.Time, announce bool) store.MembershipChange {
	return func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRefreshedKey(clientID, policy.Secret{}, 0, nil, at)
		e := event(clientID, policy.ActionKeyRefreshed)
		e.ID, e.At, e.Announce = policy.NewEventID(at, [10]byte{}), at, announce
		return m, []policy.Event{e}, err
	}
}
