package admin

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// How long a session of the console lasts without use and at most, and how many a person can have: a further one ends the one that was not
// used for the longest.
const (
	SessionIdle    = time.Hour
	SessionLongest = 12 * time.Hour
	// SessionRemembered is for how long after its longest a session that has ended by time is told from one that never was, or that
	// somebody has ended: a form that was left open over lunch, or in the evening, is sent late, and must not be lost.
	SessionRemembered = time.Hour
	MaxSessions       = 50
)

// Session is a sign-in to the console that goes on.
type Session struct {
	ID      string    `json:"id"`
	Method  string    `json:"method"`
	Address string    `json:"address"`           // from which it was used last
	Browser string    `json:"browser,omitempty"` // in words, at the sign-in
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"` // may lag by a minute
	User    string    `json:"user"` // digest of the user as they were: see Of
}

// Of reports whether the session is still the user's: it ends with the password, address or binding that it began with, and with each
// disabling.
func (s Session) Of(u policy.User) bool { return s.User == userDigest(u) && !u.IsRobot() }

func (s Session) alive(now time.Time) bool {
	return now.Sub(s.Seen) < SessionIdle && now.Sub(s.Started) < SessionLongest
}

// remembered is true for a while longer.
func (s Session) remembered(now time.Time) bool {
	return now.Sub(s.Started) < SessionLongest+SessionRemembered
}

// ErrSessionOver is for a session that has ended by time, a while ago at most.
var ErrSessionOver = errors.New("the session was not used for long, or lasted too long")

// sessionsRecord has all sessions of one user. A session that is not in it has ended, whatever else is kept of it: every request asks. So
// ending is one write, and nothing that runs beside it brings a session back.
type sessionsRecord struct {
	EndedBefore time.Time `json:"ended_before"` // no session that began up to then may start any more
	Sessions    []Session `json:"sessions"`
}

func (r sessionsRecord) alive(now time.Time) []Session {
	return slices.DeleteFunc(slices.Clone(r.Sessions), func(each Session) bool { return !each.alive(now) })
}

func (s *Service) sessions() ephemeral.Records[sessionsRecord] {
	return ephemeral.Records[sessionsRecord]{Store: s.Store, Prefix: "sessions-of/"}
}

// changeSessions replaces the user's sessions that are alive or remembered.
func (s *Service) changeSessions(ctx context.Context, userID string, now time.Time, change func(*sessionsRecord) error) error {
	return s.sessions().Update(ctx, userID, func(r sessionsRecord) (sessionsRecord, time.Time, error) {
		r.Sessions = slices.DeleteFunc(slices.Clone(r.Sessions), func(each Session) bool { return !each.remembered(now) })
		err := change(&r)
		return r, now.Add(SessionLongest + SessionRemembered), err
	})
}

// StartSession puts the session among the actor's. One that began before they were all ended never starts.
func (s *Service) StartSession(ctx context.Context, actor Actor, session Session) error {
	return s.changeSessions(ctx, actor.User.ID, session.Started, func(r *sessionsRecord) error {
		if !session.Started.After(r.EndedBefore) {
			return nil
		}
		session.User = userDigest(actor.User)
		r.Sessions = slices.DeleteFunc(r.Sessions, func(each Session) bool { return each.ID == session.ID }) // the change is made again
		slices.SortFunc(r.Sessions, func(a, b Session) int { return a.Seen.Compare(b.Seen) })
		r.Sessions = append(r.Sessions[max(0, len(r.Sessions)+1-MaxSessions):], session)
		return nil
	})
}

// OwnSessions are the actor's, the one used last first.
func (s *Service) OwnSessions(ctx context.Context, actor Actor) ([]Session, error) {
	return s.sessionsOf(ctx, actor.User, actor.At)
}

func (s *Service) sessionsOf(ctx context.Context, user policy.User, now time.Time) ([]Session, error) {
	record, err := s.sessions().Get(ctx, user.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	alive := slices.DeleteFunc(record.alive(now), func(each Session) bool { return !each.Of(user) })
	slices.SortFunc(alive, func(a, b Session) int { return b.Seen.Compare(a.Seen) })
	return alive, err
}

// Session is the one with the ID of the user with the ID, ErrSessionOver if it has ended by time, a while ago at most, and
// store.ErrNotFound if there is none. Whose it is has to be asked of it.
func (s *Service) Session(ctx context.Context, userID, id string, now time.Time) (Session, error) {
	record, err := s.sessions().Get(ctx, userID)
	if err != nil {
		return Session{}, err
	}
	for _, each := range record.Sessions {
		switch {
		case each.ID != id || id == "":
		case each.alive(now):
			return each, nil
		case each.remembered(now):
			return Session{}, ErrSessionOver
		}
	}
	return Session{}, store.ErrNotFound
}

// SessionUsed notes that the actor uses the session, from where. It is for once a minute, and brings no session back.
func (s *Service) SessionUsed(ctx context.Context, actor Actor, id string) error {
	err := s.changeSessions(ctx, actor.User.ID, actor.At, func(r *sessionsRecord) error {
		at := slices.IndexFunc(r.Sessions, func(each Session) bool { return each.ID == id })
		if at < 0 || !r.Sessions[at].alive(actor.At) || !actor.At.After(r.Sessions[at].Seen) {
			return errUnchanged
		}
		r.Sessions[at].Seen, r.Sessions[at].Address = actor.At, actor.Address
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

var errUnchanged = errors.New("nothing to change")

// EndSession ends one session of the actor's own. It returns store.ErrNotFound if it has ended already.
func (s *Service) EndSession(ctx context.Context, actor Actor, id string) error {
	return s.changeSessions(ctx, actor.User.ID, actor.At, func(r *sessionsRecord) error {
		left := slices.DeleteFunc(slices.Clone(r.Sessions), func(each Session) bool { return each.ID == id })
		if len(left) == len(r.Sessions) {
			return store.ErrNotFound
		}
		r.Sessions = left
		return nil
	})
}

// EndOtherSessions ends all sessions of the actor's own but the one with the ID, which may be empty, and returns how many.
func (s *Service) EndOtherSessions(ctx context.Context, actor Actor, keep string) (ended int, err error) {
	return s.endAllSessions(ctx, actor.User.ID, keep, actor.At)
}

func (s *Service) endAllSessions(ctx context.Context, userID, keep string, now time.Time) (ended int, err error) {
	err = s.changeSessions(ctx, userID, now, func(r *sessionsRecord) error {
		left := slices.DeleteFunc(slices.Clone(r.Sessions), func(each Session) bool { return each.ID != keep })
		ended = len(r.alive(now))
		if slices.ContainsFunc(left, func(each Session) bool { return each.alive(now) }) {
			ended--
		}
		r.Sessions = left
		if now.After(r.EndedBefore) {
			r.EndedBefore = now
		}
		return nil
	})
	return ended, err
}

// ForgetSessions ends all sessions of a user whose password was just chosen by a mailed link.
func (s *Service) ForgetSessions(ctx context.Context, user policy.User, now time.Time) error {
	_, err := s.endAllSessions(ctx, user.ID, "", now)
	return err
}

// SessionsOf are the sessions of a user of the account. It takes the authority to end them.
func (s *Service) SessionsOf(ctx context.Context, actor Actor, in TenantContext, id string) ([]Session, error) {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return nil, err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return nil, err
	}
	return s.sessionsOf(ctx, user, actor.At)
}

// EndSessions ends all sessions of a user of the account, who can sign in again, and returns how many there were. Nobody does so to
// somebody of higher authority (R32).
func (s *Service) EndSessions(ctx context.Context, actor Actor, in TenantContext, id string) (ended int, err error) {
	user, err := s.Store.User(ctx, in.Account.ID, id)
	if err != nil {
		return 0, err
	}
	if err := policy.CheckUserChange(actor.Authority(), user.Roles, nil); err != nil {
		return 0, err
	}
	if ended, err = s.endAllSessions(ctx, user.ID, "", actor.At); err != nil {
		return 0, err
	}
	event := actor.event(policy.ActionSessionEnded, user.AccountID)
	event.UserID, event.Details = user.ID, map[string]string{"everywhere": "true", "count": strconv.Itoa(ended)}
	return ended, s.Store.RecordEvents(ctx, event)
}
