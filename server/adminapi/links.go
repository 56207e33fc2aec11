package adminapi

import (
	"context"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// Links creates the one-time links to pages of the console. Its methods may be called from many goroutines.
type Links struct {
	Service *admin.Service
	Console string // the base URL of the console, without a slash at the end
}

// PickUp creates the link with which the owner of the key that the event created picks it up, for a message to the owner (R26). It returns
// store.ErrNotFound if the key is no longer waiting.
func (l Links) PickUp(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := l.Service.PickUpOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return l.pickUpURL(link), link.Expires, nil
}

// pickUpURL returns the page where the owner generates the secret.
func (l Links) pickUpURL(link admin.PickUp) string { return l.Console + "/pick-up/" + link.Code }

// Password creates the link with which a user chooses a password, for the message that the event requests. It returns store.ErrNotFound
// if the link would not work.
func (l Links) Password(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := l.Service.PasswordLinkOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return l.Console + "/password/" + link.Code, link.Expires, nil
}
