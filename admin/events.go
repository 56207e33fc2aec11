package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// EventFilter selects events of the audit trail; empty fields select all.
type EventFilter struct {
	Since    time.Time // at or after
	Until    time.Time // before
	Actor    string    // a user ID or a client ID
	Who      string    // each word in the name, e-mail address or ID of who acted, or in the client ID: see policy.NewSearch
	Action   policy.Action
	ClientID string
	TenantID string
}

func (f EventFilter) matches(e policy.Event) bool {
	return (f.Until.IsZero() || e.At.Before(f.Until)) &&
		(f.Actor == "" || f.Actor == e.Actor.UserID || f.Actor == e.Actor.ClientID) &&
		(f.Action == "" || f.Action == e.Action) &&
		(f.ClientID == "" || f.ClientID == e.ClientID) &&
		(f.TenantID == "" || f.TenantID == e.TenantID)
}

// Events lists the audit trail of the account, newest first, starting behind the event with the ID after. What events hold for the server
// alone is left out. The cursor is empty on the last page. If few events match, a page may have fewer than the limit, or none, and not be
// the last: no call looks at more than examinedAtOnce.
func (s *Service) Events(
	ctx context.Context, in TenantContext, filter EventFilter, after string, limit int,
) (found []policy.Event, next string, err error) {
	acted, err := s.actedBy(ctx, in, filter.Who)
	if err != nil {
		return nil, "", err
	}
	query := store.EventsQuery{Before: filter.newest(after), Since: filter.Since, Limit: filter.atOnce(limit)}
	for examined := 0; examined < examinedAtOnce; examined += query.Limit {
		events, err := s.Store.Events(ctx, in.Account.ID, query)
		if err != nil {
			return nil, "", err
		}
		for _, event := range events {
			query.Before = event.ID
			if !filter.matches(event) || !acted(event.Actor) {
				continue
			}
			if len(found) == limit {
				return found, found[limit-1].ID, nil
			}
			found = append(found, event.Public())
		}
		if len(events) < query.Limit {
			return found, "", nil
		}
	}
	return found, query.Before, nil
}

// newest is the ID before which all events come that are behind the one with the ID after, and before the end of the filter.
func (f EventFilter) newest(after string) string {
	if f.Until.IsZero() {
		return after
	}
	end := policy.NewEventID(f.Until.Add(time.Millisecond), [10]byte{}) // an ID has the millisecond only
	if after == "" {
		return end
	}
	return min(after, end)
}

// atOnce is how many events are read at once for a page. Where every event matches, it is those that are shown, one that says whether there
// are more, and one that may be in the millisecond of the end, but not before it.
func (f EventFilter) atOnce(limit int) int {
	if f.Actor == "" && f.Who == "" && f.Action == "" && f.ClientID == "" && f.TenantID == "" {
		return min(limit+2, walkSize)
	}
	return walkSize
}

// examinedAtOnce is how many events are looked at for one answer, when few match.
const examinedAtOnce = 20 * walkSize

// SignInHistory lists the sign-ins, sign-outs and failed attempts of the actor since then, newest first, from behind the event with the ID
// after. One call looks at so many events of the account and no more; next is where to look on, empty at the end.
func (s *Service) SignInHistory(
	ctx context.Context, actor Actor, since time.Time, after string,
) (found []policy.Event, next string, err error) {
	query := store.EventsQuery{Before: after, Since: since, Limit: walkSize}
	for range examinedAtOnce / walkSize {
		events, err := s.Store.Events(ctx, actor.User.AccountID, query)
		if err != nil {
			return nil, "", err
		}
		for _, event := range events {
			query.Before = event.ID
			if event.UserID != actor.User.ID || !isSignIn(event) {
				continue
			}
			if found = append(found, event.Public()); len(found) == signInsAtOnce {
				return found, event.ID, nil
			}
		}
		if len(events) < walkSize {
			return found, "", nil
		}
	}
	return found, query.Before, nil
}

const signInsAtOnce = 50

func isSignIn(e policy.Event) bool {
	return e.Action == policy.ActionSessionStarted || e.Action == policy.ActionSessionEnded || e.Action == policy.ActionSessionRefused ||
		e.Action == policy.ActionTokenRefused && e.ClientID == ""
}

// FollowEvents lists the audit trail of the account in the order in which events were committed, after a cursor; empty for the start. Who
// goes on at next misses no event and gets none twice, however many servers write meanwhile. There is always a next; it is the cursor that
// was passed in when nothing has happened since. Next can move on although nothing matches. store.ErrPositionLost is for a cursor of
// another history, as after a restore.
func (s *Service) FollowEvents(
	ctx context.Context, in TenantContext, filter EventFilter, cursor string, limit int,
) (found []policy.Event, next string, err error) {
	epoch, err := store.CurrentEpoch(ctx, s.Store)
	if err != nil {
		return nil, "", err
	}
	of, position, _ := strings.Cut(cursor, cursorSeparator)
	if cursor != "" && (of != epoch || position == "") {
		return nil, "", store.ErrPositionLost
	}
	for examined := 0; examined < examinedAtOnce; examined += walkSize {
		arrivals, end, err := s.Store.Arrivals(ctx, in.Account.ID, position, walkSize)
		if err != nil {
			return nil, "", err
		}
		for _, arrival := range arrivals {
			if e := arrival.Event; !filter.matches(e) || e.At.Before(filter.Since) {
				continue
			}
			if found = append(found, arrival.Event.Public()); len(found) == limit {
				return found, epoch + cursorSeparator + arrival.Position, nil
			}
		}
		if end == position {
			break
		}
		position = end
	}
	return found, epoch + cursorSeparator + position, nil
}

// cursorSeparator is in no epoch.
const cursorSeparator = "."

// RecordRotation records in the actor's own account that the server's signing keys were rotated.
func (s *Service) RecordRotation(ctx context.Context, actor Actor, emergency bool) error {
	event := actor.event(policy.ActionSigningKeysRotated, actor.Account.ID)
	event.Details = map[string]string{"emergency": strconv.FormatBool(emergency)}
	return s.Store.RecordEvents(ctx, event)
}
