package notify

import (
	"context"
	netmail "net/mail"
	"time"

	"mintkey/policy"
)

// aboutPassword says whether the event is about a user's password. The user hears of it even when it was their own doing: it may
// have been somebody who reads their mail.
func aboutPassword(event policy.Event) bool {
	return wantsPasswordLink(event) || event.Payload.Password != nil
}

func wantsPasswordLink(event policy.Event) bool {
	return event.Action == policy.ActionPasswordLinkRequested || event.Action == policy.ActionPasswordLinkSent
}

// composePassword names the account: the same person may be a user of several.
func (m *Mail) composePassword(ctx context.Context, event policy.Event, now time.Time) (letter, *netmail.Address, error) {
	user, err := m.records.User(ctx, event.AccountID, event.UserID)
	if err != nil {
		return letter{}, nil, absent(err)
	}
	account, err := m.records.Account(ctx, event.AccountID)
	if err != nil {
		return letter{}, nil, absent(err)
	}
	l := letter{
		Owner: oneLine(user.Name), Email: oneLine(user.Email), AccountName: oneLine(account.Name), Issuer: m.issuer,
		Own: ownDoing(event), at: event.At, now: now,
	}
	if event.Payload.Password != nil {
		l.ByLink = event.Payload.Password.ByLink
	}
	if l.Actor, err = m.actor(ctx, event); err != nil {
		return letter{}, nil, err
	}
	if wantsPasswordLink(event) {
		if l.LinkURL, l.linkEnds, err = m.password(ctx, event, now); err != nil {
			return letter{}, nil, absent(err)
		}
	}
	return l, &netmail.Address{Name: l.Owner, Address: user.Email}, nil
}
