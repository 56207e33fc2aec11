package server

import (
	"context"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// PickUpLink makes a link for the owner of the key whose creation the event records, for a message to them (R26). It is
// store.ErrNotFound when nothing waits any more. It may be called from many goroutines.
func (s *Server) PickUpLink(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := s.office.PickUpOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return s.pickUpURL(link), link.Expires, nil
}

// pickUpURL is the page of the console where the owner has the secret made.
func (s *Server) pickUpURL(link admin.PickUp) string {
	return s.Issuer + consolePath + "/pick-up/" + link.Code
}
