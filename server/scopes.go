package server

import (
	"mintkey/policy"
)

// Reading accounts, tenants and members has no scope of its own: any scope that administers something inside will do.
const (
	anyAdminScope = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeTenantsWrite + " " + policy.ScopeUsersWrite + " " +
		policy.ScopePolicyRead + " " + policy.ScopePolicyWrite + " " + policy.ScopeAuditRead + " " + policy.ScopeAccountsWrite
	anyMemberScope = policy.ScopeKeysRead + " " + policy.ScopeKeysWrite + " " + policy.ScopeUsersWrite
)
