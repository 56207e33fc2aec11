package policy

import (
	"slices"
	"time"
)

// Transfer is a change of owner of an access key inside its tenant.
type Transfer struct {
	From, To Subject // the owner until now, and the next one
	// Fresh are status indexes for the secrets of the key: tokens from before name the owner until then, so they end.
	Fresh [MaxSecrets]IndexRenewal
}

// Apply returns both memberships once the key has changed hands, and the scopes that it has lost, because they are above what the next
// owner may do. The key never gains: its ceiling is lowered to the authority of both owners (R9). It counts as one of the next owner's keys
// (R2). Its secrets, its life and its fences stay as they are, and so does a suspension. A key that would keep no scope is a
// ScopeAboveOwnerError, an expired one is ErrKeyExpired.
func (t Transfer) Apply(clientID string, now time.Time) (from, to Membership, dropped []string, err error) {
	from, to = t.From.Membership, t.To.Membership
	fail := func(err error) (Membership, Membership, []string, error) {
		return t.From.Membership, t.To.Membership, nil, err
	}
	key, err := from.Key(clientID)
	if err != nil {
		return fail(err)
	}
	p := t.From.Account.Expiration
	if key.Status(p, now) == StatusExpired {
		return fail(ErrKeyExpired)
	}
	if key, dropped, err = key.HandedOut(t.To, t.From.Standing(), false); err != nil {
		return fail(err)
	}
	key.Secrets, key.Replaced = slices.Clone(key.Secrets), nil
	for i := range key.Secrets {
		key.Secrets[i].StatusIndex, key.Secrets[i].StatusSince = t.Fresh[i].Index, t.Fresh[i].Since
	}
	if from, err = from.withoutRepeats(clientID).WithoutKey(clientID); err != nil {
		return fail(err)
	}
	if to, err = to.WithKey(key, p, now); err != nil {
		return fail(err)
	}
	return from, to, dropped, nil
}
