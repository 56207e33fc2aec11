package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"mintkey/policy"
)

func TestDueNotice(t *testing.T) {
	on := policy.DefaultExpirationPolicy(day(0))
	given := func(daysBefore, expiryDay int) policy.Notice {
		return policy.Notice{DaysBefore: daysBefore, ExpiresAt: day(expiryDay)}
	}
	for _, row := range []struct {
		name    string
		policy  policy.ExpirationPolicy
		noticed policy.Notice
		now     time.Time
		want    int // days before; -1 for none
	}{
		{"too early", on, policy.Notice{}, day(60).Add(-1), -1},
		{"thirty", on, policy.Notice{}, day(60), 30},
		{"thirty, once", on, given(30, 90), day(83).Add(-1), -1},
		{"seven", on, given(30, 90), day(83), 7},
		{"seven alone, when thirty was missed", on, policy.Notice{}, day(83), 7},
		{"one", on, given(7, 90), day(89), 1},
		{"one, once", on, given(1, 90), day(90).Add(-1), -1},
		{"expired", on, given(1, 90), day(90), 0},
		{"expired, once", on, given(0, 90), day(100), -1},
		{"expired alone, when all were missed", on, policy.Notice{}, day(100), 0},
		{"not thirty after seven", on, given(7, 90), day(61), -1},
		{"another expiry", on, given(1, 80), day(61), 30},
		{"no policy", policy.ExpirationPolicy{{At: day(0)}}, policy.Notice{}, day(89), -1},
	} {
		key := policy.AccessKey{CreatedAt: day(0), Noticed: row.noticed}
		got, ok := key.DueNotice(row.policy, row.now)
		want := policy.Notice{}
		if row.want >= 0 {
			want = given(row.want, 90)
		}
		if ok != (row.want >= 0) || ok && !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", row.name, got, ok, want)
		}
	}
}

func TestNoticeHolds(t *testing.T) {
	on := policy.DefaultExpirationPolicy(day(0))
	key := policy.AccessKey{CreatedAt: day(0)}
	for _, row := range []struct {
		name   string
		notice policy.Notice
		policy policy.ExpirationPolicy
		now    time.Time
		want   bool
	}{
		{"fresh", policy.Notice{DaysBefore: 7, ExpiresAt: day(90)}, on, day(83), true},
		{"late, but nothing more urgent", policy.Notice{DaysBefore: 7, ExpiresAt: day(90)}, on, day(89).Add(-1), true},
		{"overtaken", policy.Notice{DaysBefore: 7, ExpiresAt: day(90)}, on, day(89), false},
		{"too late", policy.Notice{DaysBefore: 1, ExpiresAt: day(90)}, on, day(90), false},
		{"the clock went back", policy.Notice{DaysBefore: 7, ExpiresAt: day(90)}, on, day(50), true},
		{"the policy went off", policy.Notice{DaysBefore: 7, ExpiresAt: day(90)}, append(on, policy.Revision{At: day(84)}), day(84), false},
		{"another expiry", policy.Notice{DaysBefore: 7, ExpiresAt: day(80)}, on, day(83), false},
		{"expired", policy.Notice{ExpiresAt: day(90)}, on, day(91), true},
	} {
		if got := row.notice.Holds(key, row.policy, row.now); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

// TestUpkeep runs Upkeep at random times on keys under a policy that changes.
func TestUpkeep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, on := day(0), policy.DefaultExpirationPolicy(day(0))
		m := policy.Membership{
			Role: policy.RoleMember,
			Keys: []policy.AccessKey{{ClientID: "a", CreatedAt: now}, {ClientID: "b", CreatedAt: now}},
		}
		given := map[string]map[time.Time]int{"a": {}, "b": {}} // the most urgent notice, in days before, for each expiry
		look := func(t *rapid.T) {
			before := m
			after, tasks := m.Maintain(on, now, now)
			if diff := cmp.Diff(before, m); diff != "" {
				t.Fatalf("Upkeep changed what it was given: %s", diff)
			}
			for _, task := range tasks {
				key, expiry := task.Key, task.Key.Expiry(on)
				left := expiry.Sub(now)
				if task.Purge {
					if left > -30*policy.Day {
						t.Fatalf("%s purged %v after its expiry", key.ClientID, -left)
					}
					continue
				}
				last, again := given[key.ClientID][expiry]
				switch days := task.Notice.DaysBefore; {
				case !task.Notice.ExpiresAt.Equal(expiry):
					t.Fatalf("notice of %v, the expiry is %v", task.Notice.ExpiresAt, expiry)
				case again && days >= last:
					t.Fatalf("%s: notice of %d days after that of %d for one expiry", key.ClientID, days, last)
				case days != mostUrgent(left):
					t.Fatalf("notice of %d days %v before", days, left)
				}
				given[key.ClientID][expiry] = task.Notice.DaysBefore
			}
			for _, key := range after.Keys {
				expiry := key.Expiry(on)
				if expiry.IsZero() {
					continue
				}
				left := expiry.Sub(now)
				if left <= -30*policy.Day {
					t.Fatalf("%s is still there %v after its expiry", key.ClientID, -left)
				}
				if urgent := mostUrgent(left); urgent >= 0 {
					if last, ok := given[key.ClientID][expiry]; !ok || last > urgent {
						t.Fatalf("%s: %v before its expiry, and the last notice was %d, %v", key.ClientID, left, last, ok)
					}
				}
			}
			if again, tasks := after.Maintain(on, now, now); len(tasks) > 0 || !cmp.Equal(again, after) {
				t.Fatalf("a second look at once found %v", tasks)
			}
			m = after
		}
		t.Repeat(map[string]func(*rapid.T){
			"pass": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 24*40).Draw(t, "hours")) * time.Hour) },
			"look": look,
			"refresh": func(t *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")
				if next, err := m.WithRefreshedKey(id, policy.Secret{}, policy.Refresh{}, on, now); err == nil {
					m = next
				}
			},
			"revise": func(t *rapid.T) {
				change := policy.PolicyChange{
					Enabled: rapid.Bool().Draw(t, "on"), PeriodDays: rapid.SampledFrom(policy.Periods()).Draw(t, "period"), AcknowledgeRisk: true,
				}
				next, err := on.Revise(change, now)
				if err != nil {
					t.Fatal(err)
				}
				on = next
			},
		})
	})
}

// mostUrgent is a second implementation of R16: in days, 0 for expired, -1 for none yet.
func mostUrgent(left time.Duration) int {
	switch {
	case left <= 0:
		return 0
	case left <= 24*time.Hour:
		return 1
	case left <= 7*24*time.Hour:
		return 7
	case left <= 30*24*time.Hour:
		return 30
	default:
		return -1
	}
}
