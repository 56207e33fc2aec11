package policy

import "slices"

// The copies here share no memory with the original, so that a store can keep a record and hand out copies that callers may change.
// A field of a reference type that is added to one of these types needs a line here; a test finds one that was forgotten.

// Clone is a copy of the account.
func (a Account) Clone() Account {
	a.Expiration = slices.Clone(a.Expiration)
	return a
}

// Clone is a copy of the tenant.
func (t Tenant) Clone() Tenant {
	t.NoticeAddresses = slices.Clone(t.NoticeAddresses)
	return t
}

// Clone is a copy of the user.
func (u User) Clone() User {
	u.Roles, u.Passkeys, u.RecoveryCodes = slices.Clone(u.Roles), slices.Clone(u.Passkeys), slices.Clone(u.RecoveryCodes)
	for i := range u.Passkeys {
		u.Passkeys[i].Transports = slices.Clone(u.Passkeys[i].Transports)
	}
	return u
}

// Clone is a copy of the access key.
func (k AccessKey) Clone() AccessKey {
	k.Scopes, k.Secrets, k.Replaced = slices.Clone(k.Scopes), slices.Clone(k.Secrets), slices.Clone(k.Replaced)
	k.AllowedNetworks, k.Audiences = slices.Clone(k.AllowedNetworks), slices.Clone(k.Audiences)
	return k
}

// Clone is a copy of the membership with its access keys.
func (m Membership) Clone() Membership {
	m.Keys, m.Replaced, m.Retries = slices.Clone(m.Keys), slices.Clone(m.Replaced), slices.Clone(m.Retries)
	for i := range m.Keys {
		m.Keys[i] = m.Keys[i].Clone()
	}
	return m
}

// Clone is a copy of all four records.
func (s Subject) Clone() Subject {
	s.Account, s.Tenant, s.User, s.Membership = s.Account.Clone(), s.Tenant.Clone(), s.User.Clone(), s.Membership.Clone()
	return s
}
