package store

import "time"

// PasswordUse is how often and from where a user of a tenant still signs in with a password. It is kept in a Document of the tenant.
type PasswordUse struct {
	LastAt  time.Time `json:"last_at"`
	Count   int64     `json:"count"`
	Address string    `json:"address"` // of the last time
}

// Plus is the sum of both, from the later address.
func (u PasswordUse) Plus(other PasswordUse) PasswordUse {
	sum := u
	if other.LastAt.After(u.LastAt) {
		sum = other
	}
	sum.Count = u.Count + other.Count
	return sum
}
