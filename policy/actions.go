package policy

// Actions are all actions of the audit trail, in the order in which they are declared.
func Actions() []Action {
	return []Action{
		ActionAccountCreated, ActionPolicyChanged, ActionTenantCreated, ActionUserCreated, ActionUserUpdated, ActionUserDeleted,
		ActionMemberAdded, ActionMemberRoleChanged, ActionMemberRemoved, ActionKeyCreated, ActionKeyRefreshed, ActionKeyOverlapEnded,
		ActionKeyRevoked, ActionKeyUpdated, ActionKeySuspended, ActionKeyResumed, ActionKeyTransferred, ActionKeyLeaked,
		ActionTenantUpdated, ActionTenantSuspended, ActionTenantResumed, ActionKeyExpiring, ActionKeyExpired, ActionKeyPurged,
		ActionTokenRefused, ActionSessionStarted, ActionSessionEnded, ActionSessionRefused, ActionKeyCeilingSet,
		ActionSigningKeysRotated, ActionPasswordLinkRequested, ActionPasskeyCreated, ActionPasskeyDeleted, ActionRecoveryCodesCreated,
		ActionRecoveryCodeUsed, ActionSecondFactorReset, ActionAccountUpdated, ActionPasswordLinkSent,
	}
}
