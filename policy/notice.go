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

// Task is something that has come due for one key.
type Task struct {
	Key    AccessKey
	Notice Notice // to be given; the zero Notice for a purge
	Purge  bool
}

// Maintain returns the membership after what is due at now: notices are marked as given, and keys that expired long before purge, which is
// never later than now, are gone (R14). Saving it together with the events of the tasks claims them: of many replicas that try, one saves.
func (m Membership) Maintain(p ExpirationPolicy, now, purge time.Time) (Membership, []Task) {
	var tasks []Task
	kept := make([]AccessKey, 0, len(m.Keys))
	for _, key := range m.Keys {
		due, ok := key.DueNotice(p, now)
		switch {
		case key.Purgeable(p, purge):
			tasks = append(tasks, Task{Key: key, Purge: true})
			continue
		case ok:
			key.Noticed = due
			tasks = append(tasks, Task{Key: key, Notice: due})
		}
		kept = append(kept, key)
	}
	if len(tasks) > 0 {
		m.Keys = kept
	}
	return m, tasks
}

// NoticeTime is when the notice is due that is given so many days before an expiry.
func NoticeTime(expiry time.Time, daysBefore int) time.Time {
	return expiry.Add(-time.Duration(daysBefore) * Day).UTC()
}

// ExpiresWithin says whether an expiry, which may be zero for never, is at most so many days away, or past.
func ExpiresWithin(expiry, now time.Time, days int) bool {
	return !expiry.IsZero() && !now.Before(NoticeTime(expiry, days))
}
