package console

import "mintkey/policy"

// scopeMeaning says in a few words what an administration scope opens.
func scopeMeaning(scope string) string {
	return map[string]string{
		policy.ScopeKeysRead:         "see access keys",
		policy.ScopeKeysWrite:        "create, refresh and revoke access keys",
		policy.ScopeTenantsWrite:     "create tenants",
		policy.ScopeUsersWrite:       "manage users and members",
		policy.ScopePolicyRead:       "see the expiration policy",
		policy.ScopePolicyWrite:      "change the expiration policy",
		policy.ScopeAuditRead:        "read the audit trail",
		policy.ScopeAccountsWrite:    "create accounts",
		policy.ScopeSelf:             "see and refresh the owner’s own keys",
		policy.ScopeTokensIntrospect: "look into tokens of the account",
	}[scope]
}
