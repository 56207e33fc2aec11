package notify_test

import (
	"fmt"
	"slices"
	"time"
)

// model says which mails must arrive, slowly and plainly: at each look it goes through every key there is. It shares no code with
// what it judges.
type model struct {
	policies map[string]*modelPolicy // by account
	keys     []*modelKey
	changes  []modelChange // since the last look
	mails    []string
}

type modelPolicy struct {
	on   bool
	days int
}

type modelKey struct {
	account, tenant, user, clientID string
	issued                          time.Time
	never                           bool
	expiry                          time.Time
	lastNotice                      int // in days before expiry; 1000 when none was given for this expiry
}

type modelChange struct {
	at                 time.Time
	kind, user, client string
}

const day = 24 * time.Hour

func newModel(accounts ...string) *model {
	m := &model{policies: map[string]*modelPolicy{}}
	for _, account := range accounts {
		m.policies[account] = &modelPolicy{on: true, days: 90}
	}
	return m
}

func (m *model) find(clientID string) *modelKey {
	for _, k := range m.keys {
		if k.clientID == clientID {
			return k
		}
	}
	return nil
}

func (m *model) start(k *modelKey, now time.Time) {
	p := m.policies[k.account]
	k.issued, k.never, k.expiry, k.lastNotice = now, !p.on, now.Add(time.Duration(p.days)*day), 1000
}

func (m *model) create(account, tenant, user, clientID, actor string, now time.Time) {
	k := &modelKey{account: account, tenant: tenant, user: user, clientID: clientID}
	m.start(k, now)
	m.keys = append(m.keys, k)
	m.tell("created", user, clientID, actor, now)
}

func (m *model) refresh(clientID, actor string, now time.Time) {
	k := m.find(clientID)
	m.start(k, now)
	m.tell("refreshed", k.user, clientID, actor, now)
}

func (m *model) revoke(clientID, actor string, now time.Time) {
	k := m.find(clientID)
	m.keys = slices.DeleteFunc(m.keys, func(other *modelKey) bool { return other == k })
	m.tell("revoked", k.user, clientID, actor, now)
}

func (m *model) tell(kind, user, clientID, actor string, now time.Time) {
	if actor != user {
		m.changes = append(m.changes, modelChange{now, kind, user, clientID})
	}
}

// revise is R12 for each key, in words of its own.
func (m *model) revise(account string, on bool, days int, now time.Time) {
	p := m.policies[account]
	if p.on == on && p.days == days {
		return
	}
	p.on, p.days = on, days
	period := time.Duration(days) * day
	for _, k := range m.keys {
		if k.account != account || !k.never && !k.expiry.After(now) {
			continue
		}
		wasNever, was := k.never, k.expiry
		switch grown, fresh := k.issued.Add(period), now.Add(period); {
		case !on:
			k.never = true
		case !wasNever && !grown.Before(was):
			k.expiry = grown
		case wasNever || fresh.Before(was):
			k.never, k.expiry = false, fresh
		}
		if k.never != wasNever || !k.expiry.Equal(was) {
			k.lastNotice = 1000
		}
	}
}

// look is what must happen when the server looks at now.
func (m *model) look(now time.Time) {
	var kept []*modelKey
	for _, k := range m.keys {
		left := k.expiry.Sub(now)
		if k.never || left > -30*day {
			kept = append(kept, k)
		}
		if k.never || left <= 0 {
			continue
		}
		urgent := 1000
		for _, days := range []int{30, 7, 1} {
			if left <= time.Duration(days)*day {
				urgent = days
			}
		}
		if urgent < k.lastNotice {
			k.lastNotice = urgent
			m.mails = append(m.mails, mailLine(now, "expiring", k.user, k.clientID, k.expiry))
		}
	}
	m.keys = kept
	for _, c := range m.changes {
		m.mails = append(m.mails, mailLine(c.at, c.kind, c.user, c.client, time.Time{}))
	}
	m.changes = nil
}

// mailLine is a mail in the form in which the two lists are compared.
func mailLine(at time.Time, kind, user, clientID string, expiry time.Time) string {
	line := fmt.Sprintf("%s %s %s %s", at.UTC().Format(time.RFC3339), user, kind, clientID)
	if kind == "expiring" {
		line += " " + expiry.UTC().Format("2 January 2006, 15:04 UTC")
	}
	return line
}
