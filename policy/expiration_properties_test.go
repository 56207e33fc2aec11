package policy_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mintkey/policy"
)

// drawPolicy draws up to nine revisions over four years, each at a midnight, some at the same one.
func drawPolicy(t *rapid.T) policy.ExpirationPolicy {
	days := rapid.SliceOfN(rapid.IntRange(0, 1500), 1, 9).Draw(t, "days")
	slices.Sort(days)
	var p policy.ExpirationPolicy
	for _, n := range days {
		p = append(p, drawRevision(t, n))
	}
	return p
}

func drawRevision(t *rapid.T, n int) policy.Revision {
	r := on(n, rapid.SampledFrom(policy.Periods()).Draw(t, "period"))
	r.Enabled = rapid.IntRange(0, 3).Draw(t, "on") > 0
	return r
}

const never = math.MaxInt

// slowExpiry is a second implementation of R12, day by day. While the key lives, turning the policy off removes its expiry; a period moves
// a later expiry to one period after the change, but never to less than a whole period after the issue.
func slowExpiry(p policy.ExpirationPolicy, issued int) int {
	start := p[0]
	for _, r := range p {
		if !r.At.After(day(issued)) {
			start = r
		}
	}
	end := never
	if start.Enabled {
		end = issued + start.PeriodDays
	}
	for today := issued + 1; today < end && today <= 1600; today++ {
		for _, r := range p {
			switch {
			case !r.At.Equal(day(today)):
			case r.Enabled:
				end = max(issued+r.PeriodDays, min(end, today+r.PeriodDays))
			default:
				end = never
			}
		}
	}
	return end
}

func TestExpiryEqualsSlowReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, issued := drawPolicy(t), rapid.IntRange(-100, 1600).Draw(t, "issued")
		var want time.Time
		if end := slowExpiry(p, issued); end != never {
			want = day(end)
		}
		got := p.Expiry(day(issued))
		if !got.Equal(want) {
			t.Fatalf("expiry is %v, want %v", got, want)
		}
		if steps := p.Explain(day(issued)); !steps[len(steps)-1].ExpiresAt.Equal(got) {
			t.Fatalf("Explain ends in %v, Expiry is %v", steps[len(steps)-1].ExpiresAt, got)
		}
	})
}

// before says whether expiry a is before b, where zero means never.
func before(a, b time.Time) bool { return !a.IsZero() && (b.IsZero() || a.Before(b)) }

func TestChangeOfPolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		last := int(p[len(p)-1].At.Sub(day(0)) / policy.Day)
		change := drawRevision(t, rapid.IntRange(last, last+400).Draw(t, "change"))
		issued := day(rapid.IntRange(last-800, last+400).Draw(t, "issued"))
		if issued.After(change.At) {
			t.Skip("issued after the change")
		}
		present, current := p.Expiry(issued), p.InForce(change.At)
		next := append(slices.Clone(p), change).Expiry(issued)

		if issued.Before(change.At) && policy.Expired(present, change.At) {
			if !next.Equal(present) {
				t.Fatalf("a change revived a key that expired at %v: now %v", present, next)
			}
			return
		}
		if floor := policy.Earlier(present, change.At.Add(change.Period())); before(next, floor) {
			t.Fatalf("expiry moved from %v to %v, before %v", present, next, floor)
		}
		if current.Enabled && change.Enabled && change.PeriodDays < current.PeriodDays && before(present, next) && issued.Before(change.At) {
			t.Fatalf("a shorter period moved expiry from %v to %v", present, next)
		}
		if !change.Enabled && !next.IsZero() {
			t.Fatalf("expires at %v though the policy is off", next)
		}
	})
}

// Keys expire in the order in which they were issued, however the policy changed, so a walk in order of issue finds the keys that are due.
func TestExpiryIsMonotoneInTimeOfIssue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t)
		older := rapid.IntRange(-100, 1600).Draw(t, "older")
		newer := rapid.IntRange(older, older+500).Draw(t, "newer")
		if a, b := p.Expiry(day(older)), p.Expiry(day(newer)); before(b, a) {
			t.Fatalf("issued on day %d expires at %v, on day %d already at %v", older, a, newer, b)
		}
	})
}
