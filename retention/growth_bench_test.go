package retention_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/chain"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// What grows, and how large one of it is: the figures of docs/monitoring.md.
//
//	go test ./retention -run '^$' -bench Growth -benchtime 1x
func BenchmarkGrowth(b *testing.B) {
	const n = 5000
	at := func(i int) time.Time { return now.Add(time.Duration(i) * time.Second) }
	event := func(i int) policy.Event {
		e := policy.Event{
			ID: policy.NewEventID(at(i), [10]byte{byte(i), byte(i >> 8), 1, 2, 3, 4, 5, 6, 7, 8}), At: at(i), Action: policy.ActionKeyRefreshed,
			Actor: policy.Actor{
				UserID: "0197a8a2-3f4e-7aaa-8bbb-cccccccccccc", ClientID: "mk_0123456789012345678901", Via: "api", Address: "192.0.2.17",
			},
			AccountID: "acme", TenantID: "build", UserID: "0197a8a2-3f4e-7aaa-8bbb-dddddddddddd", ClientID: "mk_0123456789012345678902",
			Details: map[string]string{"label": "nightly build"},
		}
		e.Actor.RequestID = "0197a8a2-3f4e-7aaa-8bbb-eeeeeeeeeeee"
		return e
	}
	record := func(s store.Store, from, to int) error {
		var events []policy.Event
		for i := from; i < to; i++ {
			events = append(events, event(i))
		}
		if err := s.RecordEvents(b.Context(), events...); err != nil {
			return err
		}
		_, _, err := s.Arrivals(b.Context(), "acme", "", 1)
		return err
	}
	sealed := func(s store.Store, from, to int) error {
		if err := record(s, from, to); err != nil {
			return err
		}
		_, err := chain.Seal(b.Context(), s, "acme", at(to))
		return err
	}
	kinds := map[string]func(s store.Store, from, to int) error{
		"event":        record,
		"sealed event": sealed,
		"revocation": func(s store.Store, from, to int) error {
			var some []store.Revocation
			for i := from; i < to; i++ {
				some = append(some, store.Revocation{
					Index: uint64(1_000_000 + i), ClientID: "mk_0123456789012345678902", AccountID: "acme", At: at(i), Until: at(i).Add(policy.Day),
				})
			}
			return s.RecordRevocations(b.Context(), some...)
		},
		"digest of a used ID": func(s store.Store, from, to int) error {
			var some []string
			for i := from; i < to; i++ {
				some = append(some, store.UsedUserID(fmt.Sprint(i)))
			}
			return s.AddUsedIDs(b.Context(), some...)
		},
		// Together with the event itself, which stays when the entry is delivered.
		"event and its entry of the outbox": func(s store.Store, from, to int) error {
			var events []policy.Event
			for i := from; i < to; i++ {
				e := event(i)
				e.Announce = true
				events = append(events, e)
			}
			if from == 0 {
				return s.CreateAccount(b.Context(), policy.Account{ID: "acme", CreatedAt: now}, events...)
			}
			return s.UpdateAccount(b.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) { return a, events, nil })
		},
		"ephemeral record of 200 bytes": func(s store.Store, from, to int) error {
			for i := from; i < to; i++ {
				if err := s.PutEphemeral(b.Context(), fmt.Sprintf("session:%032d", i), make([]byte, 200), at(i).Add(policy.Day)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, write := range kinds {
		fill := func(b *testing.B, s store.Store) {
			for from := 0; from < n; from += 500 {
				if err := write(s, from, from+500); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(name+"/bolt", func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "mintkey.db")
			s, err := boltstore.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			for range b.N {
				fill(b, s)
			}
			_ = s.Close()
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/n, "bytes/each")
		})
		b.Run(name+"/redis", func(b *testing.B) {
			server := redistest.Start(b)
			s, err := redisstore.Open(b.Context(), server.URL())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			before := used(server)
			for range b.N {
				fill(b, s)
			}
			b.ReportMetric(float64(used(server)-before)/n, "bytes/each")
		})
	}
}

func used(server *redistest.Server) (bytes int) {
	_, rest, _ := strings.Cut(server.Do("INFO", "memory"), "used_memory_dataset:")
	_, _ = fmt.Sscan(rest, &bytes)
	return bytes
}
