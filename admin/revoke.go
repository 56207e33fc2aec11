package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

// DetailStatusIndexes names the detail of an event that lists the status indexes whose tokens died with the change. Because the
// event is in the outbox, gateways learn of it even when the server dies right after the change.
const DetailStatusIndexes = "status_indexes"

// changeMembership changes a membership and then says which secrets are gone with all their tokens: of keys that are no longer there,
// and of those that the change replaced.
func (o *Office) changeMembership(ctx context.Context, actor Actor, tenantID, userID string, change func(policy.Membership) (policy.Membership, []policy.Event, error)) error {
	var events []policy.Event
	err := o.Store.UpdateMembership(ctx, tenantID, userID, func(m policy.Membership) (after policy.Membership, _ []policy.Event, err error) {
		after, events, err = change(m)
		return after, events, err
	})
	if err != nil {
		return err
	}
	for _, event := range events {
		if indexes := StatusIndexes(event); len(indexes) > 0 {
			o.Revoked(ctx, actor, event.AccountID, event.ClientID, indexes)
		}
		if event.Action == policy.ActionKeyRevoked {
			o.bury(ctx, event)
		}
	}
	return nil
}

// Grave says whose a revoked key was, so that the audit trail can tell a program that goes on using it from a stranger (R24).
type Grave struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
}

// GraveKey is where the Grave of a key lies among the ephemera.
func GraveKey(clientID string) string { return "grave/" + clientID }

// OwnerOf finds the owner of an access key that exists, or the one that a revoked key had, and says which; else it is store.ErrNotFound.
func (o *Office) OwnerOf(ctx context.Context, clientID string) (owner Grave, revoked bool, err error) {
	subject, err := o.Store.SubjectByClientID(ctx, clientID)
	if err == nil {
		return Grave{AccountID: subject.Account.ID, TenantID: subject.Tenant.ID, UserID: subject.User.ID}, false, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return Grave{}, false, err
	}
	raw, err := o.Store.Ephemeral(ctx, GraveKey(clientID))
	if err != nil {
		return Grave{}, false, err
	}
	err = json.Unmarshal(raw, &owner)
	return owner, true, err
}

const graveTime = 90 * policy.Day

// bury is only for the audit trail: where it fails, the key is as dead.
func (o *Office) bury(ctx context.Context, event policy.Event) {
	grave, err := json.Marshal(Grave{event.AccountID, event.TenantID, event.UserID})
	if err == nil {
		err = o.Store.PutEphemeral(ctx, GraveKey(event.ClientID), grave, event.At.Add(graveTime))
	}
	if err != nil {
		o.Log.WarnContext(ctx, "whose a revoked key was could not be saved", slog.String("client_id", event.ClientID), slog.Any("error", err))
	}
}

// StatusIndexes reads the detail of an event that withStatusIndexes wrote.
func StatusIndexes(event policy.Event) []uint64 {
	var indexes []uint64
	for field := range strings.FieldsSeq(event.Details[DetailStatusIndexes]) {
		if index, err := strconv.ParseUint(field, 10, 64); err == nil {
			indexes = append(indexes, index)
		}
	}
	return indexes
}

func withStatusIndexes(details map[string]string, secrets []policy.Secret) map[string]string {
	var fields []string
	for _, secret := range secrets {
		if secret.StatusIndex != 0 {
			fields = append(fields, strconv.FormatUint(secret.StatusIndex, 10))
		}
	}
	if len(fields) == 0 {
		return details
	}
	details = maps.Clone(details)
	if details == nil {
		details = map[string]string{}
	}
	details[DetailStatusIndexes] = strings.Join(fields, " ")
	return details
}

// keyEvent records what happened to a key, and puts it into the outbox: its owner may have to hear of it.
func keyEvent(actor Actor, action policy.Action, m policy.Membership, clientID string, details map[string]string) policy.Event {
	event := actor.event(action, m.AccountID)
	event.TenantID, event.UserID, event.ClientID, event.Details = m.TenantID, m.UserID, clientID, details
	event.Announce = true
	return event
}

// revokedEvents records each key that died with a membership or a user (R8).
func revokedEvents(actor Actor, m policy.Membership, keys []policy.AccessKey, reason string) []policy.Event {
	var events []policy.Event
	for _, key := range keys {
		events = append(events, keyEvent(actor, policy.ActionKeyRevoked, m, key.ClientID, withStatusIndexes(map[string]string{"reason": reason}, key.Secrets)))
	}
	return events
}
