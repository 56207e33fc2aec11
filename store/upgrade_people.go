package store

import (
	"context"

	"mintkey/policy"
)

// EmailsAlike are two users of an account whose e-mail addresses were two under version 1 and are one now. Only one of them is found by
// it, until the other is given another address.
type EmailsAlike struct {
	AccountID string    `json:"account_id"`
	UserIDs   [2]string `json:"user_ids"`
	Email     string    `json:"email"` // as it is compared
}

// noteEmail visits the users of one account after another.
func (u *upgrading) noteEmail(user policy.User) {
	if user.IsRobot() {
		return // it is found by none
	}
	if u.emailsOf != user.AccountID {
		u.emailsOf, u.emails = user.AccountID, map[string]string{}
	}
	folded := policy.FoldEmail(user.Email)
	if other, taken := u.emails[folded]; taken {
		u.report.Alike = append(u.report.Alike, EmailsAlike{user.AccountID, [2]string{other, user.ID}, folded})
		return
	}
	u.emails[folded] = user.ID
}

// leftover removes a membership whose user was deleted. It opens nothing, and must not pass to a later user of the same ID.
func (u *upgrading) leftover(ctx context.Context, m policy.Membership) error {
	u.report.Leftovers++
	if u.dry {
		return nil
	}
	return u.store.UpdateMembership(ctx, m.TenantID, m.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		ended, _ := m.Removed()
		return ended, nil, nil
	})
}
