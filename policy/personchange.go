package policy

import "slices"

// PersonChange is what a user is told of, at the address from before the change. It is never empty.
type PersonChange struct {
	Email *EmailChange `json:"email,omitempty"`
	Roles *RoleChange  `json:"roles,omitempty"` // in the tenant of the event or, without one, in the account
	// OpenID says that the user was unbound from the OpenID provider, where the next person with the address can sign in.
	OpenID bool `json:"openid,omitempty"`
	// Robot says that the user became a robot, which can't sign in (R34).
	Robot bool `json:"robot,omitempty"`
	// NewBrowser is set when the mails about sign-ins from new browsers were turned on or off: whoever takes a user over would turn them off.
	NewBrowser *bool `json:"new_browser,omitempty"`
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
	change.Robot = after.IsRobot() && !before.IsRobot()
	change.OpenID = before.OpenID != Identity{} && after.OpenID == Identity{} && change.Email == nil && !change.Robot
	if before.Notifications.NoNewBrowser != after.Notifications.NoNewBrowser {
		change.NewBrowser = new(!after.Notifications.NoNewBrowser)
	}
	if change == (PersonChange{}) {
		return nil
	}
	return &change
}
