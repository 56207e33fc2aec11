package admin

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

	"mintkey/policy"
	"mintkey/store/ephemeral"
)

// ownUser changes the actor, who must act in person: no program has a second factor, or gives anybody one.
func (s *Service) ownUser(
	ctx context.Context, actor Actor, change func(policy.User) (policy.User, []policy.Event, error),
) error {
	if !actor.inPerson() {
		return policy.ErrNotGrantable
	}
	return s.Store.UpdateUser(ctx, actor.User.AccountID, actor.User.ID, func(u policy.User) (policy.User, []policy.Event, error) {
		switch {
		case u.IsRobot():
			return u, nil, policy.ErrServiceUser
		case u.Disabled:
			return u, nil, policy.ErrUserDisabled
		}
		return change(u)
	})
}

// AddPasskey gives the actor one more passkey. With the first one come recovery codes, which are returned this once.
func (s *Service) AddPasskey(ctx context.Context, actor Actor, passkey policy.Passkey) (codes []string, err error) {
	fresh, digests := newRecoveryCodes()
	passkey.CreatedAt = actor.At
	err = s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		codes = nil
		first := !u.HasSecondFactor()
		after, err := u.WithPasskey(passkey)
		if err != nil {
			return u, nil, err
		}
		told := policy.SecondFactorChange{PasskeyAdded: passkey.Name}
		events := []policy.Event{factorEvent(actor, policy.ActionPasskeyCreated, u, map[string]string{"name": passkey.Name})}
		if first {
			if after, err = after.WithRecoveryCodes(digests); err != nil {
				return u, nil, err
			}
			codes, told.CodesMade = fresh, true
			events = append(events, codesMade(actor, u))
		}
		events[0].Announce, events[0].Payload.SecondFactor = true, &told
		return after, events, nil
	})
	return codes, err
}

// RemovePasskey takes a passkey of the actor's away, with the recovery codes if it is the last one.
func (s *Service) RemovePasskey(ctx context.Context, actor Actor, id string) (removed policy.Passkey, err error) {
	err = s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		if removed, err = u.Passkey(id); err != nil {
			return u, nil, err
		}
		after, err := u.WithoutPasskey(id)
		event := factorEvent(actor, policy.ActionPasskeyDeleted, u, map[string]string{"name": removed.Name})
		event.Announce, event.Payload.SecondFactor = true, &policy.SecondFactorChange{PasskeyRemoved: removed.Name}
		return after, []policy.Event{event}, err
	})
	return removed, err
}

// UsePasskey notes that the actor has proved to have the passkey. It decides whether the device's counter has moved on, inside the write:
// of two copies used at once one is refused.
func (s *Service) UsePasskey(ctx context.Context, actor Actor, id string, count uint32, flags uint8) error {
	return s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		after, err := u.PasskeyUsed(id, count, flags, actor.At)
		return after, nil, err
	})
}

// NewRecoveryCodes gives the actor new recovery codes and ends the old ones.
func (s *Service) NewRecoveryCodes(ctx context.Context, actor Actor) ([]string, error) {
	codes, digests := newRecoveryCodes()
	err := s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		after, err := u.WithRecoveryCodes(digests)
		event := codesMade(actor, u)
		event.Announce, event.Payload.SecondFactor = true, &policy.SecondFactorChange{CodesMade: true}
		return after, []policy.Event{event}, err
	})
	return codes, err
}

// UseRecoveryCode uses one of the actor's codes up, and returns how many are left. Of concurrent calls with one code, one succeeds.
func (s *Service) UseRecoveryCode(ctx context.Context, actor Actor, code string) (left int, err error) {
	digest := recoveryCodeDigest(code)
	err = s.ownUser(ctx, actor, func(u policy.User) (policy.User, []policy.Event, error) {
		after, err := u.RecoveryCodeUsed(digest)
		left = len(after.RecoveryCodes)
		event := factorEvent(actor, policy.ActionRecoveryCodeUsed, u, map[string]string{"left": strconv.Itoa(left)})
		event.Announce, event.Payload.SecondFactor = true, &policy.SecondFactorChange{CodeUsed: true, CodesLeft: left}
		return after, []policy.Event{event}, err
	})
	return left, err
}

// ResetSecondFactor takes all passkeys and recovery codes of a user away, for somebody who has lost them. It ends the user's sessions, and
// takes as much authority as any change of the user (R32).
func (s *Service) ResetSecondFactor(ctx context.Context, actor Actor, in TenantContext, id string) (policy.User, error) {
	var after policy.User
	err := s.Store.UpdateUser(ctx, in.Account.ID, id, func(u policy.User) (policy.User, []policy.Event, error) {
		after = u
		if err := policy.CheckUserChange(actor.Authority(), u.Roles, nil); err != nil {
			return u, nil, err
		}
		if !u.HasSecondFactor() {
			return u, nil, nil
		}
		after = u.WithoutSecondFactor(actor.At)
		event := factorEvent(actor, policy.ActionSecondFactorReset, u, map[string]string{"passkeys": strconv.Itoa(len(u.Passkeys))})
		event.Announce, event.Payload.SecondFactor = true, &policy.SecondFactorChange{TakenAway: true}
		return after, []policy.Event{event}, nil
	})
	return after, err
}

// SetSecondFactor sets whom the account asks for a second factor. Only somebody with a passkey can require one: policy.ErrNoPasskey.
func (s *Service) SetSecondFactor(
	ctx context.Context, actor Actor, in TenantContext, rule policy.SecondFactorRule,
) (policy.Account, error) {
	var after policy.Account
	err := s.Store.UpdateAccount(ctx, in.Account.ID, func(a policy.Account) (policy.Account, []policy.Event, error) {
		var err error
		if after, err = a.WithSecondFactor(rule, actor.User); err != nil || after.SecondFactor == a.SecondFactor {
			return a, nil, err
		}
		event := actor.event(policy.ActionAccountUpdated, a.ID)
		event.Details = map[string]string{
			"second_factor_before": string(a.SecondFactorOf()), "second_factor": string(after.SecondFactorOf()),
		}
		return after, []policy.Event{event}, nil
	})
	return after, err
}

func factorEvent(actor Actor, action policy.Action, of policy.User, details map[string]string) policy.Event {
	event := actor.event(action, of.AccountID)
	event.UserID, event.Details = of.ID, details
	return event
}

func codesMade(actor Actor, of policy.User) policy.Event {
	return factorEvent(actor, policy.ActionRecoveryCodesCreated, of, map[string]string{"codes": strconv.Itoa(policy.RecoveryCodes)})
}

// codeGroups groups of four characters of base32 make 120 bits, so that a digest needs no slow hash (NIST SP 800-63B section 3.1.2.2).
const codeGroups = 6

func newRecoveryCodes() (codes, digests []string) {
	for range policy.RecoveryCodes {
		text, groups := rand.Text(), make([]string, codeGroups)
		for i := range groups {
			groups[i] = text[4*i : 4*i+4]
		}
		code := strings.Join(groups, "-")
		codes, digests = append(codes, code), append(digests, recoveryCodeDigest(code))
	}
	return codes, digests
}

// recoveryCodeDigest ignores case, spaces and hyphens, which people type as they like.
func recoveryCodeDigest(code string) string {
	letters := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, code)
	return ephemeral.Digest(strings.ToUpper(letters))
}
