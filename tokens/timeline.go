package tokens

import (
	"cmp"
	"slices"
	"time"
)

// deathSlack keeps a retired key somewhat longer than its last token lives, because clocks differ.
const deathSlack = time.Minute

// timeline is the keys of one algorithm in the order in which they sign. The state of a key (next, active, retired, gone) follows from
// its position here and the time.
type timeline []*signingKey

func timelines(keys []*signingKey) map[Algorithm]timeline {
	byAlgorithm := make(map[Algorithm]timeline)
	for _, key := range keys {
		byAlgorithm[key.algorithm] = append(byAlgorithm[key.algorithm], key)
	}
	for _, line := range byAlgorithm {
		slices.SortFunc(line, func(a, b *signingKey) int {
			return cmp.Or(a.activeFrom.Compare(b.activeFrom), cmp.Compare(a.kid, b.kid))
		})
	}
	return byAlgorithm
}

// active is the index of the key that signs. If none has begun to, because the clock was set back, it is the first: signing with a key
// that others know is better than not signing. A timeline is never empty.
func (t timeline) active(now time.Time) int {
	for i := len(t) - 1; i > 0; i-- {
		if !t[i].activeFrom.After(now) {
			return i
		}
	}
	return 0
}

// changesWithin says whether another key starts to sign within the given time.
func (t timeline) changesWithin(wait time.Duration, now time.Time) bool {
	next := t.active(now) + 1
	return next < len(t) && !t[next].activeFrom.After(now.Add(wait))
}

// living leaves out the keys whose last token has expired: a key signs until its successor is active. The lifetime is the longest
// with which the key can have signed.
func (t timeline) living(now time.Time, longest time.Duration) timeline {
	for i := len(t) - 1; i > 0; i-- {
		if death := t[i].activeFrom.Add(longest + deathSlack); !now.Before(death) {
			return t[i:]
		}
	}
	return t
}

func (t timeline) state(i int, now time.Time) State {
	switch active := t.active(now); {
	case i < active:
		return Retired
	case i > active:
		return Next
	default:
		return Active
	}
}
