package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// Events that are in a trail or in an outbox of version 1 say in their details what payloads say now.
func TestEventsOfVersion1(t *testing.T) {
	expiry := time.Date(2026, 5, 30, 12, 0, 0, 500, time.UTC)
	at := expiry.Format(time.RFC3339Nano)
	for name, row := range map[string]struct {
		action  policy.Action
		details map[string]string
		want    policy.Payload
	}{
		"a revoked key": {
			policy.ActionKeyRevoked,
			map[string]string{"reason": "user deleted", "status_indexes": "7 12"},
			policy.Payload{Revoked: &policy.RevokedTokens{StatusIndexes: []uint64{7, 12}}, Key: &policy.KeyFacts{}},
		},
		"a refreshed key": {
			policy.ActionKeyRefreshed,
			map[string]string{"overlap_seconds": "0"},
			policy.Payload{Key: &policy.KeyFacts{}},
		},
		"a key for pick-up": {
			policy.ActionKeyCreated,
			map[string]string{"label": "nightly", "pick_up": "true"},
			policy.Payload{Key: &policy.KeyFacts{Label: "nightly", PickUp: true}},
		},
		"a notice": {
			policy.ActionKeyExpiring,
			map[string]string{"expires_at": at, "days_before": "7"},
			policy.Payload{Notice: &policy.Notice{DaysBefore: 7, ExpiresAt: expiry}, Key: &policy.KeyFacts{}},
		},
		"an expiry": {
			policy.ActionKeyExpired,
			map[string]string{"expires_at": at},
			policy.Payload{Notice: &policy.Notice{ExpiresAt: expiry}, Key: &policy.KeyFacts{}},
		},
		"a notice without days": {
			policy.ActionKeyExpiring,
			map[string]string{"expires_at": at},
			policy.Payload{Key: &policy.KeyFacts{}},
		},
		"a notice without a time": {
			policy.ActionKeyExpiring,
			map[string]string{"days_before": "7"},
			policy.Payload{Key: &policy.KeyFacts{}},
		},
		"a password": {
			policy.ActionUserUpdated,
			map[string]string{"changed": "password"},
			policy.Payload{Password: &policy.PasswordChange{}},
		},
		"a password among others": {
			policy.ActionUserUpdated,
			map[string]string{"changed": "name, password, disabled"},
			policy.Payload{Password: &policy.PasswordChange{}},
		},
		"a password by link": {
			policy.ActionUserUpdated,
			map[string]string{"changed": "password", "by_link": "true"},
			policy.Payload{Password: &policy.PasswordChange{ByLink: true}},
		},
		"a name": {
			policy.ActionUserUpdated,
			map[string]string{"changed": "name"},
			policy.Payload{},
		},
		"nothing": {policy.ActionUserUpdated, nil, policy.Payload{}},
		"what is like a password": {
			policy.ActionUserUpdated,
			map[string]string{"changed": "password_hint"},
			policy.Payload{},
		},
		"a password of a new user": {
			policy.ActionUserCreated,
			map[string]string{"changed": "password"},
			policy.Payload{},
		},
		"an index that is no index": {
			policy.ActionKeyRevoked,
			map[string]string{"status_indexes": "0 x -1"},
			policy.Payload{Key: &policy.KeyFacts{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := policy.Event{Action: row.action, Details: row.details}.FromVersion1()
			if diff := cmp.Diff(row.want, got.Payload); diff != "" {
				t.Error(diff)
			}
			if _, ok := got.Details["status_indexes"]; ok {
				t.Error("status indexes are left in the details")
			}
		})
	}
	// What has a payload already is not read from details.
	event := policy.Event{Action: policy.ActionKeyRevoked, Details: map[string]string{"status_indexes": "9"}}
	event.Payload.Revoked = &policy.RevokedTokens{StatusIndexes: []uint64{5}}
	if diff := cmp.Diff(event, event.FromVersion1()); diff != "" {
		t.Error(diff)
	}
}

// A notice is read from the details that showed it.
func TestNoticeInDetails(t *testing.T) {
	for _, days := range append(policy.NoticeDays(), 0) {
		notice := policy.Notice{DaysBefore: days, ExpiresAt: time.Date(2026, 5, 30, 12, 0, 0, 123_000_000, time.UTC)}
		event := policy.Event{Action: policy.ActionKeyExpiring, Details: notice.Details()}
		if days == 0 {
			event.Action = policy.ActionKeyExpired
		}
		if diff := cmp.Diff(&notice, event.FromVersion1().Payload.Notice); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPublicEvents(t *testing.T) {
	details := map[string]string{"reason": "user deleted", "status_indexes": "7 12"}
	event := policy.Event{ID: "1", Action: policy.ActionKeyRevoked, ClientID: "mk_1", Details: details}
	event.Payload.Revoked = &policy.RevokedTokens{StatusIndexes: []uint64{7, 12}}
	want := policy.Event{ID: "1", Action: policy.ActionKeyRevoked, ClientID: "mk_1", Details: map[string]string{"reason": "user deleted"}}
	if diff := cmp.Diff(want, event.Public()); diff != "" {
		t.Error(diff)
	}
	if len(details) != 2 {
		t.Error("the details of the event itself have changed")
	}
}

func TestRevokedTokens(t *testing.T) {
	key := func(indexes ...uint64) (k policy.AccessKey) {
		for _, index := range indexes {
			k.Secrets = append(k.Secrets, policy.Secret{StatusIndex: index})
		}
		return k
	}
	if got := policy.RevokedTokensOf(key(), key(0)); got != nil {
		t.Errorf("keys without a place in the lists have %v", got)
	}
	want := &policy.RevokedTokens{StatusIndexes: []uint64{3, 2, 9}}
	if diff := cmp.Diff(want, policy.RevokedTokensOf(key(3, 2), key(0), key(9))); diff != "" {
		t.Error(diff)
	}
}
