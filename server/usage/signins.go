package usage

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// SignIns records failed attempts to act as a person, for the audit trail of the person's account and for the log. Those at one user for
// one reason become one event and one line a minute. Attempts at users that do not exist go to the log alone, and without the name: it may
// be a password in the wrong field.
type SignIns struct {
	saved   SignInStore
	metrics Metrics
	log     *slog.Logger
	counts  *batch[policy.RefusedSignIn, refusalCount]
	recent  everyMinute[policy.RefusedSignIn]
}

// SignInStore is what SignIns reads and writes.
type SignInStore interface {
	store.AuditTrail
	User(ctx context.Context, accountID, id string) (policy.User, error)
}

// Refused records a failed attempt.
func (s *SignIns) Refused(attempt policy.RefusedSignIn, address string, at time.Time) {
	if attempt.Action == policy.ActionSessionRefused {
		s.metrics.SignInRefused(attempt.Method)
	}
	s.counts.add(attempt, refusalCount{1, address, at})
}

// SignedIn counts a session of the console that began.
func (s *SignIns) SignedIn(method string) { s.metrics.SignedIn(method) }

// flush writes what is due at now. What the store refuses is in the log all the same.
func (s *SignIns) flush(ctx context.Context, now time.Time) (int, error) {
	return s.counts.flush(func(taken map[policy.RefusedSignIn]refusalCount) (map[policy.RefusedSignIn]refusalCount, error) {
		due, left := s.recent.due(taken, now)
		var events []policy.Event
		unknown := map[policy.RefusedSignIn]refusalCount{}
		for attempt, refused := range due {
			if found, err := s.find(ctx, attempt); err != nil || !found {
				attempt.UserID, attempt.AccountID = "", ""
				if err == nil {
					attempt.Reason = policy.SignInUnknownUser
				}
				unknown[attempt] = unknown[attempt].plus(refused)
				continue
			}
			s.note(ctx, attempt, refused)
			events = append(events, signInEvent(attempt, refused))
		}
		for attempt, refused := range unknown {
			s.note(ctx, attempt, refused)
		}
		if len(events) > 0 {
			if err := s.saved.RecordEvents(ctx, events...); err != nil {
				s.log.WarnContext(ctx, "recording refused sign-ins failed", slog.Any("error", err))
			}
		}
		return left, nil
	})
}

func (s *SignIns) find(ctx context.Context, attempt policy.RefusedSignIn) (bool, error) {
	if attempt.AccountID == "" || attempt.UserID == "" {
		return false, nil
	}
	_, err := s.saved.User(ctx, attempt.AccountID, attempt.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *SignIns) note(ctx context.Context, attempt policy.RefusedSignIn, refused refusalCount) {
	s.log.InfoContext(ctx, "sign-in refused", slog.String("account_id", attempt.AccountID), slog.String("user_id", attempt.UserID),
		slog.String("via", attempt.Via()), slog.String("method", attempt.Method), slog.String("reason", attempt.Reason),
		slog.Int("count", refused.count), slog.String("address", refused.address))
}

func signInEvent(attempt policy.RefusedSignIn, refused refusalCount) policy.Event {
	return policy.Event{
		ID: newEventID(refused.at), At: refused.at, Action: attempt.Action,
		Actor:     policy.Actor{Via: attempt.Via(), Address: refused.address},
		AccountID: attempt.AccountID, TenantID: attempt.TenantID, UserID: attempt.UserID,
		Details: map[string]string{"reason": attempt.Reason, "method": attempt.Method, "count": strconv.Itoa(refused.count)},
	}
}
