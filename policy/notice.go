package policy

import (
	"slices"
	"time"
)

// NoticeDays are how many days before a key's expiry its owner gets an e-mail, earliest first (R16).
func NoticeDays() []int { return []int{30, 7, 1} }

// Notice is a warning that a key expires: an e-mail 30, 7 or 1 days before, or with DaysBefore 0 the word that it
// has expired. The zero Notice is none.
type Notice struct {
	DaysBefore int       `json:"days_before"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// DueNotice returns the most urgent notice that is due for the key at now, and false if there is none or if it, or a more urgent
// one, was given for this same expiry. Several that are due at once are one (R16); a refresh or a policy change that moves the
// expiry begins anew.
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

// Holds says whether the notice, which was given, is still worth passing on at now: the key expires when it says, and no more
// urgent notice is due. A refresh, a policy change or a long delay on the way makes it stale (R16).
func (n Notice) Holds(k AccessKey, p ExpirationPolicy, now time.Time) bool {
	k.Noticed = n
	_, overtaken := k.DueNotice(p, now)
	return n.ExpiresAt.Equal(k.Expiry(p)) && !overtaken
}

// Chore is what the passing of time demands for one key.
type Chore struct {
	Key    AccessKey
	Notice Notice // what is to be told; the zero Notice for a purge
	Purge  bool
}

// Upkeep returns the membership after what is due at now: notices are marked as given, keys that expired long ago are gone (R14).
// Saving it with the events that tell of the chores is what claims them: of many replicas that try, one saves.
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

// NoticeTime is when the notice is due that comes so many days before an expiry.
func NoticeTime(expiry time.Time, daysBefore int) time.Time {
	return expiry.Add(-time.Duration(daysBefore) * Day).UTC()
}
