package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The details that records of version 1 kept what is now in Payload in. All but the first are still written, to be shown.
const (
	detailStatusIndexes = "status_indexes" // separated by spaces
	detailExpiresAt     = "expires_at"     // RFC 3339
	detailDaysBefore    = "days_before"    // absent from a key.expired
	detailLabel         = "label"
)

// FromVersion1 returns the event with the payload that a record of version 1 kept in its details. Other events are returned as they are.
// What can't be read is left out: an event whose action needs a payload is then one without it.
func (e Event) FromVersion1() Event {
	if e.Payload != (Payload{}) {
		return e
	}
	switch e.Action {
	case ActionKeyCreated, ActionKeyRefreshed, ActionKeyRevoked:
		e.Payload.Revoked = parseStatusIndexes(e.Details[detailStatusIndexes])
		e.Payload.Key = &KeyFacts{Label: e.Details[detailLabel], PickUp: e.Details[DetailPickUp] == "true"}
	case ActionKeyExpiring, ActionKeyExpired:
		e.Payload.Notice = e.parseNotice()
		e.Payload.Key = &KeyFacts{Label: e.Details[detailLabel]}
	case ActionUserUpdated:
		if slices.Contains(strings.Split(e.Details[DetailChanged], ", "), ChangedPassword) {
			e.Payload.Password = &PasswordChange{ByLink: e.Details[DetailByLink] == "true"}
		}
	default: // nothing acts on the others
	}
	e.Details = withoutWiring(e.Details)
	return e
}

// Public returns the event as people and programs outside may see it: without the payload, and without what records of version 1 kept in
// details for the server itself.
func (e Event) Public() Event {
	e.Payload, e.Details = Payload{}, withoutWiring(e.Details)
	return e
}

func withoutWiring(details map[string]string) map[string]string {
	if _, ok := details[detailStatusIndexes]; !ok {
		return details
	}
	shown := maps.Clone(details)
	delete(shown, detailStatusIndexes)
	return shown
}

func parseStatusIndexes(text string) *RevokedTokens {
	var revoked RevokedTokens
	for field := range strings.FieldsSeq(text) {
		if index, err := strconv.ParseUint(field, 10, 64); err == nil && index != 0 {
			revoked.StatusIndexes = append(revoked.StatusIndexes, index)
		}
	}
	if len(revoked.StatusIndexes) == 0 {
		return nil
	}
	return &revoked
}

func (e Event) parseNotice() *Notice {
	expiry, err := time.Parse(time.RFC3339, e.Details[detailExpiresAt])
	if err != nil {
		return nil
	}
	notice := &Notice{ExpiresAt: expiry}
	if e.Action == ActionKeyExpiring {
		if notice.DaysBefore, err = strconv.Atoi(e.Details[detailDaysBefore]); err != nil {
			return nil
		}
	}
	return notice
}

// Details shows the notice in an event.
func (n Notice) Details() map[string]string {
	details := map[string]string{detailExpiresAt: n.ExpiresAt.UTC().Format(time.RFC3339Nano)}
	if n.DaysBefore > 0 {
		details[detailDaysBefore] = strconv.Itoa(n.DaysBefore)
	}
	return details
}
