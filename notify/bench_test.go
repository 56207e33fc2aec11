package notify_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/policy"
)

// One look over an account with 1,000,000 access keys, two for each membership, issued evenly over 90 days: when nothing is due, and when
// 1,000 notices are. Filling the store takes some minutes.
func BenchmarkSchedulerTick(b *testing.B) {
	const (
		keys    = 1_000_000
		due     = 1_000
		writers = 256 // share commits
		between = 90 * policy.Day / keys
	)
	s := openBolt(b)
	addAccount(b, s, "acme", noon)
	addTenant(b, s, "acme", "load")
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for i := writer; i < keys/2; i += writers {
				changeMembership(b, s, fmt.Sprintf("user-%06d", i), func(m policy.Membership) (policy.Membership, error) {
					m.Role = policy.RoleMember
					issued := noon.Add(time.Duration(2*i) * between)
					m.Keys = []policy.AccessKey{
						newKey(fmt.Sprintf("mk_a%06d", i), "", issued),
						newKey(fmt.Sprintf("mk_b%06d", i), "", issued.Add(between)),
					}
					return m, nil
				})
			}
		})
	}
	group.Wait()
	scheduler, now := &notify.Scheduler{Store: s}, after(60).Add(-1)
	must(b, scheduler.Tick(b.Context(), now))
	b.Run("nothing due", func(b *testing.B) {
		for b.Loop() {
			must(b, scheduler.Tick(b.Context(), now))
		}
	})
	b.Run("1000 due", func(b *testing.B) {
		for b.Loop() {
			now = now.Add(due * between)
			must(b, scheduler.Tick(b.Context(), now))
		}
	})
}
