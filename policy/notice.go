package policy

import (
	"slices"
	"time"
)

// The last days of a key's life. A notice on another day does not move them.
const (
	// SoonDays is how many days before its expiry a key counts as expiring: the first notice goes out (R16), token responses carry a
	// warning (R25), and the console says so.
	SoonDays = 30
	// UrgentDays is how many days before its expiry the console shows a key as urgent.
	UrgentDays = 7
)

// MaxCalendarDays is how many days ahead expiries and notices can be listed: a year, even with a leap day.
const MaxCalendarDays = 366

// DefaultCalendarDays is how many days ahead they are listed when nobody says.
const DefaultCalendarDays = 30

// NoticeDays are how many days before a key's expiry its owner gets an e-mail, earliest first (R16).
func NoticeDays() []int { return []int{SoonDays, UrgentDays, 1} }

// Notice is a warning that a key expires: an e-mail some of NoticeDays before. DaysBefore 0 means that the key has expired.
// The zero value means that there is no notice.
type Notice struct {
	DaysBefore int       `json:"days_before"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// DueNotice returns the most urgent notice that is due for the key at now, and false if there is none or if it, or a more urgent
// one, was given for this same expiry. If several are due at once, only the most urgent is given (R16). A refresh or a policy change
// that moves the expiry starts the series again.
func (k AccessKey) DueNotice(p ExpirationPolicy, now time.Time) (Notice, bool) {
	expiry := k.Expiry(p)
	if expiry.IsZero() {
		return Notice{}, false
	}
	due := Notice{ExpiresAt: expiry}
	if !Expired(expiry, now) {
		days := NoticeDays()
		slices.Reverse(days)
		i := slices.IndexFunc(days, func(d int) bool { return !now.Before(NoticeTime(expiry, d)) })
		if i < 0 {
			return Notice{}, false
		}
		due.DaysBefore = days[i]
	}
	given := k.Noticed.ExpiresAt.Equal(expiry) && k.Noticed.DaysBefore <= due.DaysBefore
	return due, !given
}

// Holds says whether a notice that was given is still true at now: the key expires at the instant that it names, and no more
// urgent notice is due. A refresh, a policy change or a long delay in delivery makes it stale (R16).
func (n Notice) Holds(k AccessKey, p ExpirationPolicy, now time.Time) bool {
	k.Noticed = n
	_, overtaken := k.DueNotice(p, now)
	return n.ExpiresAt.Equal(k.Expiry(p)) && !overtaken
}

// Chore is one scheduled action on a key: a notice, or the purge.
type Chore struct {
	Key    AccessKey
	Notice Notice // the zero Notice for a purge
	Purge  bool
}

// Upkeep returns the membership after the chores due at now, and those chores: notices are marked as given, keys that expired long ago
// are removed (R14). Saving the membership together with the events of the chores claims them: of several replicas that try, one succeeds.
func (m Membership) Upkeep(p ExpirationPolicy, now time.Time) (Membership, []Chore) {
	var chores []Chore
	kept := make([]AccessKey, 0, len(m.Keys))
	for _, key := range m.Keys {
		due, ok := key.DueNotice(p, now)
		switch {
		case key.Purgeable(p, now):
			chores = append(chores, Chore{Key: key, Purge: true})
			continue
		case ok:
			key.Noticed = due
			chores = append(chores, Chore{Key: key, Notice: due})
		}
		kept = append(kept, key)
	}
	if len(chores) > 0 {
		m.Keys = kept
	}
	return m, chores
}

// NoticeTime is when the notice is due that is given so many days before an expiry.
func NoticeTime(expiry time.Time, daysBefore int) time.Time {
	return expiry.Add(-time.Duration(daysBefore) * Day).UTC()
}

// ExpiresWithin says whether an expiry, which may be zero for never, is at most so many days away, or past.
func ExpiresWithin(expiry, now time.Time, days int) bool {
	return !expiry.IsZero() && !now.Before(NoticeTime(expiry, days))
}
