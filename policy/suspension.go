package policy

import (
	"slices"
	"time"
)

// Suspension says since when, by whom (a user ID) and why an access key is suspended (R28). The zero value is none.
type Suspension struct {
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// MaxSecrets is how many secrets a key can have at a time: two during an overlap (R6).
const MaxSecrets = 2

// IsSuspended says whether the key is suspended (R28).
func (k AccessKey) IsSuspended() bool { return !k.Suspended.At.IsZero() }

// stopped is why the key makes no tokens, whatever secret is presented: ErrKeyExpired, ErrKeySuspended or nil.
func (k AccessKey) stopped(p ExpirationPolicy, now time.Time) error {
	switch k.Status(p, now) {
	case StatusExpired:
		return ErrKeyExpired
	case StatusSuspended:
		return ErrKeySuspended
	default:
		return nil
	}
}

// WithSuspendedKey returns the membership with the key suspended (R28): the tokens of all its secrets are dead from now on, and its life
// goes on. as is what the actor acts as, empty for an owner who stops a key of their own. A key that is suspended already stays as it is,
// unless the new suspension is of higher authority: it takes over, so that the first one can't be undone in its place. So does any that
// somebody adds to that of a leak, which a refresh undoes (R35). An expired key is ErrKeyExpired: there is nothing to stop.
func (m Membership) WithSuspendedKey(
	clientID string, s Suspension, as Role, p ExpirationPolicy, now time.Time,
) (Membership, error) {
	i := m.index(clientID)
	if i < 0 {
		return m, ErrKeyNotFound
	}
	key := m.Keys[i]
	if key.Status(p, now) == StatusExpired {
		return m, ErrKeyExpired
	}
	if key.IsSuspended() {
		if as.Authority() <= key.SuspendedAs.Authority() && !key.StoppedByLeak() {
			return m, nil
		}
		s.At = key.Suspended.At
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i].Suspended, m.Keys[i].SuspendedAs = s, as
	return m, nil
}

// WithResumedKey returns the membership with the key working again, with the secrets that it had: each gets a new status index, so that
// tokens from before stay dead everywhere (R28). A key that is not suspended stays as it is; an expired one is ErrKeyExpired, and one whose
// secret has leaked ErrRefreshRequired (R35).
func (m Membership) WithResumedKey(
	clientID string, fresh [MaxSecrets]uint64, p ExpirationPolicy, now time.Time,
) (Membership, error) {
	i := m.index(clientID)
	switch {
	case i < 0:
		return m, ErrKeyNotFound
	case m.Keys[i].Status(p, now) == StatusExpired:
		return m, ErrKeyExpired
	case !m.Keys[i].IsSuspended():
		return m, nil
	case m.Keys[i].Leaked:
		return m, ErrRefreshRequired
	}
	m.Keys = slices.Clone(m.Keys)
	key := &m.Keys[i]
	key.Suspended, key.SuspendedAs = Suspension{}, ""
	key.Replaced, key.Secrets = nil, slices.Clone(key.Secrets)
	for n := range key.Secrets[:min(len(key.Secrets), MaxSecrets)] {
		key.Secrets[n].StatusIndex, key.Secrets[n].StatusSince = fresh[n], now
	}
	return m, nil
}

// CheckResume returns an AuthorityError unless the actor has the authority of whoever suspended the key (R32).
func CheckResume(actor Authority, key AccessKey) error {
	return CheckOver(actor, key.SuspendedAs.Authority())
}

// CheckOwnResume returns ErrSuspendedByOther unless the owner themselves suspended the key.
func CheckOwnResume(ownerID string, key AccessKey) error {
	if key.IsSuspended() && key.Suspended.By != ownerID {
		return ErrSuspendedByOther
	}
	return nil
}

// IsSuspended says whether the tenant is suspended: nobody can do anything in it, and none of its keys issues tokens (R8).
func (t Tenant) IsSuspended() bool { return !t.SuspendedAt.IsZero() }

// Suspension is that of the tenant; zero while it works.
func (t Tenant) Suspension() Suspension {
	return Suspension{At: t.SuspendedAt, By: t.SuspendedBy, Reason: t.SuspendedReason}
}

// WithSuspended returns the tenant suspended. It ends all that was issued and signed in up to now, and all status indexes up to latest, the
// instant of the newest one, which is later by the clock of a server that is ahead. as is what the actor acts as. A suspended tenant stays
// as it is, but for status indexes that have come since, and for a suspension of higher authority, which takes over.
func (t Tenant) WithSuspended(s Suspension, as Role, latest time.Time) Tenant {
	if t.IsSuspended() {
		t.EndedBefore = later(t.EndedBefore, latest)
		if as.Authority() <= t.SuspendedAs.Authority() {
			return t
		}
	} else {
		t.SuspendedAt, t.EndedBefore = s.At, advanced(t.EndedBefore, later(s.At, latest))
	}
	t.SuspendedBy, t.SuspendedAs, t.SuspendedReason = s.By, as, s.Reason
	return t
}

// WithResumed returns the tenant working again. Keys that were suspended on their own stay so.
func (t Tenant) WithResumed() Tenant {
	t.SuspendedAt, t.SuspendedBy, t.SuspendedAs, t.SuspendedReason = time.Time{}, "", "", ""
	return t
}

// CheckResumeTenant returns an AuthorityError unless the actor has the authority of whoever suspended the tenant (R32).
func CheckResumeTenant(actor Authority, t Tenant) error {
	return CheckOver(actor, t.SuspendedAs.Authority())
}

// Stopped is why the subject can do nothing whatever its roles are: ErrUserDisabled, ErrTenantSuspended or nil.
func (s Subject) Stopped() error {
	switch {
	case s.User.Disabled:
		return ErrUserDisabled
	case s.Tenant.IsSuspended():
		return ErrTenantSuspended
	default:
		return nil
	}
}
