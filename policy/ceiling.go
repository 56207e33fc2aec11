package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrScopeAboveOwner refuses scopes that the owner of an access key may not use (R9). See ScopeAboveOwnerError, which lists those allowed.
var ErrScopeAboveOwner = errors.New("scopes above what the owner of the access key may do")

// ScopeAboveOwnerError is ErrScopeAboveOwner with the scopes that are refused, and the administration scopes that the owner may have.
type ScopeAboveOwnerError struct {
	Refused []string
	Allowed []string
}

// Error says what is allowed, and what to do after a promotion.
func (e *ScopeAboveOwnerError) Error() string {
	return fmt.Sprintf("the role of the key's owner does not allow %s; of the administration scopes this owner can have %s: "+
		"leave the others out, and after a promotion create a new key", strings.Join(e.Refused, ", "), strings.Join(e.Allowed, ", "))
}

// Is makes errors.Is(err, ErrScopeAboveOwner) true.
func (*ScopeAboveOwnerError) Is(target error) bool { return target == ErrScopeAboveOwner }

// CheckScopesOf returns a ScopeAboveOwnerError if an owner of the authority may not use all of the scopes (R9).
func CheckScopesOf(owner Authority, scopes []string) error {
	refused := ScopesAbove(owner, scopes)
	if len(refused) == 0 {
		return nil
	}
	return &ScopeAboveOwnerError{Refused: refused, Allowed: without(AdministrationScopes(), ScopesAbove(owner, AdministrationScopes()))}
}

// CeilingAuthority is what the key can do at most, whatever becomes of its owner (R9). A key without a ceiling can do what any member can.
func (k AccessKey) CeilingAuthority() Authority { return max(k.Ceiling.Authority(), AuthorityMember) }

// Through returns the subject as it acts through one of its access keys: with no more authority than the key's ceiling (R9).
func (s Subject) Through(key AccessKey) Subject {
	s.Limit = key.CeilingAuthority()
	return s
}

// HandedOut returns the key after a secret of it was shown, and the scopes that it has lost: those above what the owner may do, for good.
// The ceiling is lowered to the owner's authority and to that of whoever sees the secret. Only an owner who receives it in a
// signed-in session raises it to their own authority (R9). A key that would keep no scope is a ScopeAboveOwnerError.
func (k AccessKey) HandedOut(owner Subject, shown Authority, toOwner bool) (AccessKey, []string, error) {
	standing := owner.Standing()
	dropped := ScopesAbove(standing, k.Scopes)
	if len(dropped) > 0 && len(dropped) == len(k.Scopes) {
		return k, nil, CheckScopesOf(standing, k.Scopes)
	}
	k.Scopes = without(k.Scopes, dropped)
	if toOwner {
		k.Ceiling = standing.Role()
	} else {
		k.Ceiling = min(k.CeilingAuthority(), standing, shown).Role()
	}
	return k, dropped, nil
}

// WithHandedOutKey returns the membership with the key as HandedOut leaves it, and the scopes that the key has lost. owner is the key's.
func (m Membership) WithHandedOutKey(clientID string, owner Subject, shown Authority, toOwner bool) (Membership, []string, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, nil, ErrKeyNotFound
	}
	owner.Membership = m
	key, dropped, err := m.Keys[i].HandedOut(owner, shown, toOwner)
	if err != nil {
		return m, nil, err
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i] = key
	return m, dropped, nil
}

// without returns those of the scopes that are not dropped, in the same order.
func without(scopes, dropped []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(dropped, scope) })
}
