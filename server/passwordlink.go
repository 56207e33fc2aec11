package server

import (
	"context"
	"time"

	"mintkey/policy"
)

// PasswordLink makes the link by which a user chooses a password, for the message that the event asks for. It is store.ErrNotFound when the link
// would be dead. It may be called from many goroutines.
func (s *Server) PasswordLink(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error) {
	link, err := s.office.PasswordLinkOf(ctx, event, now)
	if err != nil {
		return "", time.Time{}, err
	}
	return s.Issuer + consolePath + "/password/" + link.Code, link.Expires, nil
}
