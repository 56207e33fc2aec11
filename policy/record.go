package policy

import "slices"

// Unknown holds, as one JSON object, the members of a stored record that this version of the program does not know: a later version wrote
// them. They are kept through every change of the record. Empty is none. Stores fill it; nothing else looks into it.
type Unknown string

// Clone copies all that a caller could change.
func (a Account) Clone() Account {
	a.Expiration = slices.Clone(a.Expiration)
	return a
}

// Clone copies all that a caller could change.
func (t Tenant) Clone() Tenant {
	t.NoticeAddresses = slices.Clone(t.NoticeAddresses)
	return t
}

// Clone copies all that a caller could change.
func (u User) Clone() User {
	u.Roles = slices.Clone(u.Roles)
	return u
}

// Clone copies all that a caller could change.
func (m Membership) Clone() Membership {
	m.Keys = slices.Clone(m.Keys)
	for i, key := range m.Keys {
		m.Keys[i] = key.Clone()
	}
	return m
}

// Clone copies all that a caller could change.
func (k AccessKey) Clone() AccessKey {
	k.Scopes, k.Secrets, k.Ended = slices.Clone(k.Scopes), slices.Clone(k.Secrets), slices.Clone(k.Ended)
	k.AllowedNetworks, k.Audiences = slices.Clone(k.AllowedNetworks), slices.Clone(k.Audiences)
	return k
}

// Clone copies all that a caller could change.
func (s Subject) Clone() Subject {
	return Subject{Account: s.Account.Clone(), Tenant: s.Tenant.Clone(), User: s.User.Clone(), Membership: s.Membership.Clone()}
}
