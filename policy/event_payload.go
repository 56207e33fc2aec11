package policy

import "slices"

// Payload carries what a change means for the parts of the server that act on it: gateways, mail, webhooks. It is stored with the event and
// never shown. The zero value asks for nothing.
type Payload struct {
	// Revoked names the tokens that the change ended.
	Revoked *RevokedTokens `json:"revoked,omitempty"`
	// Notice is the notice that a key.expiring or key.expired gives.
	Notice *Notice `json:"notice,omitempty"`
	// Key describes the access key at the time of the event.
	Key *KeyFacts `json:"key,omitempty"`
	// Password is set when a user's password was set or taken away.
	Password *PasswordChange `json:"password,omitempty"`
	// Person is set when something else changed by which somebody could become, or act as, the user.
	Person *PersonChange `json:"person,omitempty"`
}

// RevokedTokens names tokens that ended before their time.
type RevokedTokens struct {
	// StatusIndexes are the places in the status lists of all secrets whose tokens ended. It is never empty, and 0 is not among them.
	StatusIndexes []uint64 `json:"status_indexes"`
}

// KeyFacts is what a message to the owner says of an access key that may be gone by then.
type KeyFacts struct {
	Label string `json:"label,omitempty"`
	// PickUp says that the key waits for its owner to pick it up (R26).
	PickUp bool `json:"pick_up,omitempty"`
}

// PasswordChange describes how a user's password changed.
type PasswordChange struct {
	// ByLink says that the user chose the password through a link that was mailed.
	ByLink bool `json:"by_link,omitempty"`
}

// PersonChange is what a user is told of, at the address from before the change. It is never empty.
type PersonChange struct {
	Email *EmailChange `json:"email,omitempty"`
	Roles *RoleChange  `json:"roles,omitempty"` // in the tenant of the event or, without one, in the account
	// OpenID says that the user was unbound from the OpenID provider, where the next person with the address can sign in.
	OpenID bool `json:"openid,omitempty"`
}

// EmailChange is a change of a user's address.
type EmailChange struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// RoleChange is a change of a user's roles.
type RoleChange struct {
	Before []Role `json:"before,omitempty"`
	After  []Role `json:"after,omitempty"`
}

// PersonChangeOf compares a user before and after a change. It is nil if nothing changed that PersonChange has.
func PersonChangeOf(before, after User) *PersonChange {
	var change PersonChange
	if before.Email != after.Email {
		change.Email = &EmailChange{before.Email, after.Email}
	}
	if !slices.Equal(before.Roles, after.Roles) {
		change.Roles = &RoleChange{slices.Clone(before.Roles), slices.Clone(after.Roles)}
	}
	change.OpenID = before.OpenID != Identity{} && after.OpenID == Identity{} && change.Email == nil
	if change == (PersonChange{}) {
		return nil
	}
	return &change
}

// RevokedTokensOf returns the tokens that end with the keys: those of every secret that a key knows of (R5). It is nil when no secret has a
// place in the status lists.
func RevokedTokensOf(keys ...AccessKey) *RevokedTokens {
	var revoked RevokedTokens
	for _, key := range keys {
		for _, secret := range key.Secrets {
			if secret.StatusIndex != 0 {
				revoked.StatusIndexes = append(revoked.StatusIndexes, secret.StatusIndex)
			}
		}
	}
	if len(revoked.StatusIndexes) == 0 {
		return nil
	}
	return &revoked
}
