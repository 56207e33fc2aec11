package adminapi

import (
	"context"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// Links makes the one-time links to pages of the console. Its methods may be called from many goroutines.
type Links struct {
	Service *admin.Service
	Console string // the base URL of the console, without a slash at the end
}

// PickUp makes a link for the owner of the key whose creation the event records, for a message to them (R26). It is store.ErrNotFound when
// nothing waits any more.
func (l Links) PickUp(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := l.Service.PickUpOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return l.pickUpURL(link), link.Expires, nil
}

// pickUpURL is the page where the owner has the secret made.
func (l Links) pickUpURL(link admin.PickUp) string { return l.Console + "/pick-up/" + link.Code }

// Password makes the link by which a user chooses a password, for the message that the event asks for. It is store.ErrNotFound when the
// link would be dead.
func (l Links) Password(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := l.Service.PasswordLinkOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return l.Console + "/password/" + link.Code, link.Expires, nil
}
