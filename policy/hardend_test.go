package policy_test

import (
	"errors"
	"testing"
	"time"

	"mintkey/policy"
)

func endingOn(k policy.AccessKey, n int) policy.AccessKey {
	end := day(n)
	k, err := k.Patched(policy.KeyPatch{ExpiresAt: &end})
	if err != nil {
		panic(err)
	}
	return k
}

// The earlier expiry counts, whatever the policy does before or after (R12, R33).
func TestTheEarlierExpiryCounts(t *testing.T) {
	for _, row := range []struct {
		name   string
		policy policy.ExpirationPolicy
		end    int
		want   time.Time
		own    bool
	}{
		{"before that of the policy", policy.ExpirationPolicy{on(0, 90)}, 60, day(60), true},
		{"after that of the policy", policy.ExpirationPolicy{on(0, 90)}, 100, day(90), false},
		{"at the same time", policy.ExpirationPolicy{on(0, 90)}, 90, day(90), true},
		{"without a policy", policy.ExpirationPolicy{{At: day(0)}}, 500, day(500), true},
		{"the policy goes off", policy.ExpirationPolicy{on(0, 90), {At: day(10)}}, 60, day(60), true},
		{"the period grows", policy.ExpirationPolicy{on(0, 90), on(10, 120)}, 100, day(100), true},
		{"the period shrinks below it", policy.ExpirationPolicy{on(0, 360), on(10, 90)}, 200, day(100), false},
		{"the policy goes off after it", policy.ExpirationPolicy{on(0, 90), {At: day(61)}}, 60, day(60), true},
	} {
		k := endingOn(key("mk_1", "1", 0), row.end)
		equal(t, row.name, k.Expiry(row.policy), row.want)
		equal(t, row.name+": ends for good", k.EndsForGood(row.policy), row.own)
		equal(t, row.name+": status", k.Status(row.policy, row.want), policy.StatusExpired)
		equal(t, row.name+": status before", k.Status(row.policy, row.want.Add(-1)), policy.StatusActive)
	}
}

// A refresh moves no end of its own, and an expired key is not revived by another end (R6, R33).
func TestAnEndIsMovedByNoRefresh(t *testing.T) {
	p := policy.DefaultExpirationPolicy(day(0))
	m := member(endingOn(key("mk_1", "old", 0), 60))
	refreshed, err := m.WithRefreshedKey("mk_1", policy.Secret{Digest: digestOf("new")}, policy.Refresh{Overlap: 7 * policy.Day}, p, day(58))
	equal(t, "error", err, nil)
	k := refreshed.Keys[0]
	equal(t, "expiry", k.Expiry(p), day(60))
	equal(t, "end of the overlap", k.Secrets[1].EndsAt, day(60))
	equal(t, "at the end", checkSecret(k, digestOf("new"), p, day(60)), policy.ErrKeyExpired)
	if _, err := refreshed.WithRefreshedKey("mk_1", policy.Secret{}, policy.Refresh{}, p, day(60)); !errors.Is(err, policy.ErrKeyExpired) {
		t.Errorf("refresh of an expired key: %v", err)
	}
	for name, after := range map[string]policy.AccessKey{"later": endingOn(k, 90), "none": {}} {
		equal(t, name+" while it lives", k.CheckEnd(after, p, day(60).Add(-1)), nil)
		equal(t, name, k.CheckEnd(after, p, day(60)), policy.ErrKeyExpired)
	}
	equal(t, "the same end", k.CheckEnd(k, p, day(60)), nil)
}

func TestAnOverlapEndsWithTheKey(t *testing.T) {
	k := key("mk_1", "new", 0)
	k.Secrets = append(k.Secrets, policy.Secret{Digest: digestOf("old"), IssuedAt: day(-5), EndsAt: day(7)})
	equal(t, "a later end", endingOn(k, 9).Secrets[1].EndsAt, day(7))
	equal(t, "an earlier end", endingOn(k, 3).Secrets[1].EndsAt, day(3))
	equal(t, "the current secret", endingOn(k, 3).Secrets[0].EndsAt, time.Time{})
	equal(t, "the key that was given", k.Secrets[1].EndsAt, day(7))
}

func TestCheckEnd(t *testing.T) {
	for end, want := range map[time.Time]error{
		day(1): policy.ErrInvalidEnd, day(2): policy.ErrInvalidEnd, day(2).Add(1): nil, {}: nil,
	} {
		equal(t, end.String(), policy.KeyPatch{ExpiresAt: &end}.Check(policy.Audiences{}, time.Hour, day(2)), want)
	}
}

// Whoever makes a key with an end, or refreshes it, is told of it at once; a change gives the notice that is due to be sent (R16).
func TestNoticesOfAnEnd(t *testing.T) {
	p := policy.ExpirationPolicy{{At: day(0)}} // off
	made, err := member().WithKey(endingOn(key("mk_1", "1", 0), 20), p, day(0))
	equal(t, "error", err, nil)
	for _, row := range []struct{ at, days int }{{0, -1}, {12, -1}, {13, 7}, {19, 1}, {20, 0}} {
		due, ok := made.Keys[0].DueNotice(p, day(row.at))
		if want := row.days >= 0; ok != want || ok && due.DaysBefore != row.days {
			t.Errorf("day %d: %+v, %v", row.at, due, ok)
		}
	}
	_, tasks := made.Maintain(p, day(50), day(50))
	if len(tasks) != 1 || !tasks[0].Purge {
		t.Errorf("30 days after its end: %+v", tasks)
	}
	warned, notice, ok := endingOn(key("mk_1", "1", 0), 20).Warned(p, day(2))
	equal(t, "given", ok, true)
	equal(t, "notice", notice, policy.Notice{DaysBefore: 30, ExpiresAt: day(20)})
	if _, _, again := warned.Warned(p, day(3)); again {
		t.Error("given twice")
	}
	if _, notice, ok := endingOn(warned, 4).Warned(p, day(3)); !ok || notice.DaysBefore != 1 {
		t.Errorf("after another end: %+v, %v", notice, ok)
	}
	if _, notice, ok := endingOn(warned, 300).Warned(p, day(3)); ok {
		t.Errorf("after an end far off: %+v", notice)
	}
}
