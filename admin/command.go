package admin

import (
	"time"

	"mintkey/policy"
)

// CommandActor is whoever runs a command on the store itself, such as mintkey init: an operator without an account. It needs no
// authentication, because access to the store is more than any authority within it.
func CommandActor(now time.Time) Actor {
	return Actor{
		Subject: policy.Subject{
			User:       policy.User{Roles: []policy.Role{policy.RoleOperator}},
			Membership: policy.Membership{Role: policy.RoleMember},
		},
		Scopes: policy.AdministrationScopes(), Via: "command", At: now,
	}
}
