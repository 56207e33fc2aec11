package notify

import (
	"context"
	netmail "net/mail"
	"time"

	"mintkey/policy"
)

// aboutUser says whether the event is about a user rather than a key, and the user is told. They are told even of their own change:
// somebody who has their session or reads their mail may have made it.
func aboutUser(event policy.Event) bool {
	return wantsPasswordLink(event) || event.Payload.Person != nil || event.Payload.SecondFactor != nil || event.Payload.NewBrowser != nil ||
		event.Payload.Password != nil && !event.Payload.Password.TakenAway
}

func wantsPasswordLink(event policy.Event) bool {
	return event.Action == policy.ActionPasswordLinkRequested || event.Action == policy.ActionPasswordLinkSent
}

// composeUser names the account, because the same person may be a user of several.
func (m *Mail) composeUser(ctx context.Context, event policy.Event, now time.Time) (message, *netmail.Address, error) {
	user, err := m.changed(ctx, event)
	if err != nil {
		return message{}, nil, absent(err)
	}
	account, err := m.records.Account(ctx, event.AccountID)
	if err != nil {
		return message{}, nil, absent(err)
	}
	msg := message{
		Owner: oneLine(user.Name), Email: oneLine(user.Email), AccountName: oneLine(account.Name), Issuer: m.issuer, Console: m.console,
		Own: ownDoing(event), at: event.At, now: now,
	}
	if in := event.Payload.NewBrowser; in != nil {
		msg.Browser, msg.Method, msg.Address = oneLine(in.Browser), methodText(in.Method), oneLine(event.Actor.Address)
	}
	if event.Payload.Password != nil {
		msg.ByLink = event.Payload.Password.ByLink
	}
	if msg.Changes, err = m.changesIn(ctx, event); err != nil {
		return message{}, nil, absent(err)
	}
	if msg.Actor, err = m.actor(ctx, event); err != nil {
		return message{}, nil, err
	}
	if wantsPasswordLink(event) {
		if msg.LinkURL, msg.linkEnds, err = m.password(ctx, event, now); err != nil {
			return message{}, nil, absent(err)
		}
	}
	return msg, &netmail.Address{Name: msg.Owner, Address: user.Email}, nil
}
