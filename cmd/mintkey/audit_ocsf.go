package main

import (
	"cmp"
	"strings"

	"mintkey/policy"
)

// Events in the form of the Open Cybersecurity Schema Framework, https://schema.ocsf.io. Only classes, activities and attributes that
// version 1.3.0 has are used, which later versions of 1 keep.

const (
	outputOCSF  = "ocsf"
	ocsfVersion = "1.3.0"
)

// ocsfClass is a class of events.
type ocsfClass struct {
	uid, category      int
	name, categoryName string
	activities         map[int]string
}

const ocsfOther = 99 // an activity that the class has no number for

func accountChange() ocsfClass {
	return ocsfClass{3001, 3, "Account Change", "Identity & Access Management", map[int]string{
		1: "Create", 3: "Password Change", 4: "Password Reset", 6: "Delete", 7: "Attach Policy", 8: "Detach Policy",
		10: "MFA Factor Enable", 11: "MFA Factor Disable",
	}}
}

func authentication() ocsfClass {
	return ocsfClass{3002, 3, "Authentication", "Identity & Access Management", map[int]string{
		1: "Logon", 2: "Logoff", 3: "Authentication Ticket",
	}}
}

func entityManagement() ocsfClass {
	return ocsfClass{3004, 3, "Entity Management", "Identity & Access Management", map[int]string{1: "Create", 3: "Update", 4: "Delete"}}
}

func apiActivity() ocsfClass { return ocsfClass{6003, 6, "API Activity", "Application Activity", nil} }

// ocsfClassOf returns the class and the activity of an event.
func ocsfClassOf(e policy.Event) (class ocsfClass, activity int, entity string) {
	switch e.Action {
	case policy.ActionAccountCreated:
		return entityManagement(), 1, "account"
	case policy.ActionAccountUpdated:
		return entityManagement(), 3, "account"
	case policy.ActionPolicyChanged:
		return entityManagement(), 3, "expiration policy"
	case policy.ActionTenantCreated:
		return entityManagement(), 1, "tenant"
	case policy.ActionTenantUpdated, policy.ActionTenantSuspended, policy.ActionTenantResumed:
		return entityManagement(), 3, "tenant"
	case policy.ActionKeyCreated:
		return entityManagement(), 1, "access key"
	case policy.ActionKeyRefreshed, policy.ActionKeyOverlapEnded, policy.ActionKeyUpdated, policy.ActionKeyCeilingSet,
		policy.ActionKeySuspended, policy.ActionKeyResumed, policy.ActionKeyTransferred, policy.ActionKeyLeaked:
		return entityManagement(), 3, "access key"
	case policy.ActionKeyRevoked, policy.ActionKeyPurged:
		return entityManagement(), 4, "access key"
	case policy.ActionKeyExpiring, policy.ActionKeyExpired:
		return entityManagement(), ocsfOther, "access key"
	case policy.ActionSigningKeysRotated:
		return entityManagement(), 3, "signing keys"
	case policy.ActionUserCreated:
		return accountChange(), 1, ""
	case policy.ActionUserUpdated:
		if strings.Contains(e.Details[policy.DetailChanged], policy.ChangedPassword) {
			return accountChange(), 3, ""
		}
		return accountChange(), ocsfOther, ""
	case policy.ActionUserDeleted:
		return accountChange(), 6, ""
	case policy.ActionPasswordLinkRequested, policy.ActionPasswordLinkSent:
		return accountChange(), 4, ""
	case policy.ActionPasskeyCreated, policy.ActionRecoveryCodesCreated:
		return accountChange(), 10, ""
	case policy.ActionPasskeyDeleted, policy.ActionSecondFactorReset:
		return accountChange(), 11, ""
	case policy.ActionRecoveryCodeUsed:
		return accountChange(), ocsfOther, ""
	case policy.ActionMemberAdded, policy.ActionMemberRoleChanged:
		return accountChange(), 7, ""
	case policy.ActionMemberRemoved:
		return accountChange(), 8, ""
	case policy.ActionTokenRefused:
		return authentication(), 3, ""
	case policy.ActionSessionStarted, policy.ActionSessionRefused:
		return authentication(), 1, ""
	case policy.ActionSessionEnded:
		return authentication(), 2, ""
	default: // of a later server
		return apiActivity(), ocsfOther, ""
	}
}

type object = map[string]any

// ocsfEvent translates an event. What OCSF has no place for is in unmapped.
func ocsfEvent(e policy.Event) object {
	class, activity, entity := ocsfClassOf(e)
	failed := e.Action == policy.ActionTokenRefused || e.Action == policy.ActionSessionRefused
	activityName := class.activities[activity]
	if activity == ocsfOther {
		activityName = string(e.Action)
	}
	severity, severityName, status, statusName := 1, "Informational", 1, "Success"
	if failed {
		severity, severityName, status, statusName = 2, "Low", 2, "Failure"
	}
	o := object{
		"class_uid": class.uid, "class_name": class.name, "category_uid": class.category, "category_name": class.categoryName,
		"activity_id": activity, "activity_name": activityName, "type_uid": class.uid*100 + activity,
		"severity_id": severity, "severity": severityName, "status_id": status, "status": statusName,
		"time": e.At.UnixMilli(), "message": string(e.Action),
		"metadata": without(object{
			"version": ocsfVersion, "uid": e.ID, "event_code": string(e.Action), "log_name": "audit", "tenant_uid": e.AccountID,
			"correlation_uid": e.Actor.RequestID, "product": object{"name": "Mintkey", "vendor_name": "Mintkey"},
		}),
		"actor":    ocsfActor(e.Actor),
		"unmapped": without(object{"tenant_id": e.TenantID, "client_id": e.ClientID, "user_id": e.UserID, "details": e.Details}),
	}
	if failed {
		o["status_detail"] = e.Details["reason"]
	}
	if e.Actor.Address != "" {
		o["src_endpoint"] = object{"ip": e.Actor.Address}
	}
	switch class.uid {
	case accountChange().uid:
		o["user"] = object{"uid": cmp.Or(e.UserID, e.AccountID)}
	case authentication().uid:
		o["user"] = object{"uid": cmp.Or(e.UserID, e.ClientID, e.AccountID)}
		o["service"] = object{"name": "Mintkey"}
	case entityManagement().uid:
		o["entity"] = object{"type": entity, "uid": cmp.Or(e.ClientID, e.TenantID, e.AccountID)}
	default:
		o["api"] = object{"operation": string(e.Action)}
		o["src_endpoint"] = without(object{"ip": e.Actor.Address, "name": e.Actor.Via})
	}
	return without(o)
}

func ocsfActor(a policy.Actor) object {
	actor := without(object{"app_name": a.Via, "app_uid": a.ClientID})
	if a.UserID != "" {
		actor["user"] = object{"uid": a.UserID}
	}
	return actor
}

// without leaves out what is empty.
func without(o object) object {
	for name, value := range o {
		switch value := value.(type) {
		case string:
			if value == "" {
				delete(o, name)
			}
		case map[string]string:
			if len(value) == 0 {
				delete(o, name)
			}
		case object:
			if len(value) == 0 {
				delete(o, name)
			}
		}
	}
	return o
}
