package console

import (
	"maps"
	"slices"
	"strings"

	"mintkey/policy"
)

// actionWords lists the text of every action, in the order of the filter.
func actionWords() []struct {
	action policy.Action
	text   string
} {
	return []struct {
		action policy.Action
		text   string
	}{
		{policy.ActionKeyCreated, "Created access key"},
		{policy.ActionKeyRefreshed, "Refreshed access key"},
		{policy.ActionKeyOverlapEnded, "Ended the overlap of access key"},
		{policy.ActionKeyUpdated, "Changed access key"},
		{policy.ActionKeySuspended, "Suspended access key"},
		{policy.ActionKeyResumed, "Resumed access key"},
		{policy.ActionKeyTransferred, "Transferred access key"},
		{policy.ActionKeyLeaked, "Reported a leaked secret of access key"},
		{policy.ActionTenantUpdated, "Changed tenant"},
		{policy.ActionTenantSuspended, "Suspended tenant"},
		{policy.ActionTenantResumed, "Resumed tenant"},
		{policy.ActionKeyRevoked, "Revoked access key"},
		{policy.ActionTokenRefused, "Refused a token"},
		{policy.ActionSessionStarted, "Signed in"},
		{policy.ActionSessionEnded, "Signed out"},
		{policy.ActionSessionRefused, "Refused a sign-in"},
		{policy.ActionKeyExpiring, "Told of a coming expiry"},
		{policy.ActionKeyExpired, "Access key expired"},
		{policy.ActionKeyPurged, "Removed expired access key"},
		{policy.ActionPolicyChanged, "Changed the expiration policy"},
		{policy.ActionMemberAdded, "Added member"},
		{policy.ActionMemberRoleChanged, "Changed role of member"},
		{policy.ActionMemberRemoved, "Removed member"},
		{policy.ActionUserCreated, "Created user"},
		{policy.ActionUserUpdated, "Changed user"},
		{policy.ActionUserDeleted, "Deleted user"},
		{policy.ActionPasswordLinkSent, "Sent a link to set the password"},
		{policy.ActionPasswordLinkRequested, "Asked for a new password"},
		{policy.ActionPasskeyCreated, "Added a passkey"},
		{policy.ActionPasskeyDeleted, "Removed a passkey"},
		{policy.ActionRecoveryCodesCreated, "Made recovery codes"},
		{policy.ActionRecoveryCodeUsed, "Used a recovery code"},
		{policy.ActionSecondFactorReset, "Took away the second factor"},
		{policy.ActionAccountUpdated, "Changed account"},
		{policy.ActionTenantCreated, "Created tenant"},
		{policy.ActionAccountCreated, "Created account"},
		{policy.ActionSigningKeysRotated, "Rotated the signing keys"},
	}
}

// actionText is the text of an action, or its name if this version does not know it.
func actionText(action policy.Action) string {
	for _, a := range actionWords() {
		if a.action == action {
			return a.text
		}
	}
	return string(action)
}

func actions(chosen string) []order {
	all := []order{{"", "Every action", chosen == ""}}
	for _, a := range actionWords() {
		all = append(all, order{string(a.action), a.text, string(a.action) == chosen})
	}
	return all
}

// detailTexts returns the details as "name: value", without those that say nothing to a person.
func detailTexts(details map[string]string) []string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		if details[name] == "" || name == "overlap_seconds" && details[name] == "0" ||
			name == policy.DetailRevokedTokens && details[name] == "false" {
			continue
		}
		texts = append(texts, strings.ReplaceAll(name, "_", " ")+": "+details[name])
	}
	return texts
}
