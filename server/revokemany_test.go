package server_test

import (
	"slices"
	"testing"

	"mintkey/policy"
)

const revokeMany = forgeKeys + "/revoke"

// revoked are the client IDs of an answer of revokeMany.
func (a answer) revoked() (keys, refused []string) {
	a.t.Helper()
	var body struct {
		Keys, Refused []struct {
			ClientID string `json:"client_id"`
		}
	}
	a.want(200).into(&body)
	for _, key := range body.Keys {
		keys = append(keys, key.ClientID)
	}
	for _, key := range body.Refused {
		refused = append(refused, key.ClientID)
	}
	slices.Sort(keys)
	slices.Sort(refused)
	return keys, refused
}

func same(got []string, want ...string) bool {
	slices.Sort(want)
	return slices.Equal(got, want)
}

// Each of the keys that fit is revoked as one that is named: with its reach and an event of its own. A dry run says which.
func TestRevokeMany(t *testing.T) {
	onEachStore(t, func(w *world) {
		p, other := w.newMember(), w.newMember()
		one, two, kept := w.makeKey(w.ada, p, "api"), w.giveKey(p, "api"), w.giveKey(other, "api")
		filter := map[string]any{"user_id": p.id}
		token := w.tokenFor(one, "", "api")
		before := w.eventsOf(policy.ActionKeyRevoked)
		keys, refused := w.post(w.tom, revokeMany+"?dry_run=true", filter).revoked()
		if !same(keys, one.clientID, two.clientID) || refused != nil {
			t.Errorf("dry run: %v, refused %v", keys, refused)
		}
		if len(w.eventsOf(policy.ActionKeyRevoked)) != len(before) {
			t.Error("a dry run is in the audit trail")
		}
		w.exchange(one).want(200)
		if keys, refused := w.post(w.tom, revokeMany, filter).revoked(); !same(keys, one.clientID, two.clientID) || refused != nil {
			t.Errorf("%v, refused %v", keys, refused)
		}
		if events := w.eventsOf(policy.ActionKeyRevoked); len(events) != len(before)+2 {
			t.Errorf("%d events of two revocations", len(events)-len(before))
		}
		w.exchange(one).wantError(401, "invalid_client")
		w.exchange(two).wantError(401, "invalid_client")
		w.exchange(kept).want(200)
		w.wantDead("after the revocation", token)
		if keys, _ := w.post(w.tom, revokeMany, filter).revoked(); keys != nil {
			t.Errorf("revoked again: %v", keys)
		}
	})
}

// A key fits if it fits all that is given; of marks one is enough.
func TestFilterOfRevokeMany(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.put(w.ada, "/admin/v1/accounts/acme/expiration-policy", `{"enabled":false,"acknowledge_risk":true}`).want(200)
		p, other := w.newMember(), w.newMember()
		old := w.giveKey(p, "api")
		elsewhere := w.giveKey(other, "api")
		w.clock.advance(100 * policy.Day)
		w.exchange(old).want(200)
		since := w.clock.now().Format("2006-01-02T15:04:05Z07:00")
		w.clock.advance(policy.Day)
		fresh := w.giveKey(p, "api")
		for filter, want := range map[string][]string{
			`{"user_id":"` + p.id + `","marks":["unused"]}`:                                      nil,
			`{"user_id":"` + p.id + `","marks":["unused","old"]}`:                                {old.clientID},
			`{"user_id":"` + p.id + `","created_before":"` + since + `"}`:                        {old.clientID},
			`{"user_id":"` + other.id + `","created_before":"` + since + `","marks":["unused"]}`: {elsewhere.clientID},
			`{"user_id":"` + p.id + `"}`:                                                         {old.clientID, fresh.clientID},
			`{"user_id":"nobody"}`:                                                               nil,
		} {
			if keys, _ := w.post(w.ada, revokeMany+"?dry_run=true", filter).revoked(); !same(keys, want...) {
				t.Errorf("%s: %v, want %v", filter, keys, want)
			}
		}
		for _, nothing := range []string{
			`{}`, `{"user_id":""}`, `{"marks":[]}`, `{"marks":["live"]}`, `{"marks":null}`, `{"created_before":"yesterday"}`, `{"usr":"mia"}`,
		} {
			w.post(w.ada, revokeMany, nothing).wantCode(400, "invalid_request")
		}
		w.post(w.ada, revokeMany+"?dry_run=", `{"user_id":"mia"}`).wantCode(400, "invalid_request")
		w.exchange(old).want(200)
	})
}

// What is above the caller is refused and named, and the rest is done; nobody revokes the key that they act with by accident (R32).
func TestRevokeManyRefusesWhatIsAbove(t *testing.T) {
	w := newWorld(t)
	m := w.newMember()
	mine := w.giveKey(m, "api")
	filter := `{"created_before":"2030-01-01T00:00:00Z"}`
	planned, above := w.post(w.tom, revokeMany+"?dry_run=true", filter).revoked()
	if !slices.Contains(planned, mine.clientID) || !slices.Contains(above, w.ada.clientID) || !slices.Contains(above, w.tom.clientID) {
		t.Fatalf("dry run: %v, refused %v", planned, above)
	}
	keys, refused := w.post(w.tom, revokeMany, filter).revoked()
	if !slices.Equal(keys, planned) || !slices.Equal(refused, above) {
		t.Errorf("%v, refused %v, want %v, refused %v", keys, refused, planned, above)
	}
	w.exchange(w.ada).want(200)
	w.exchange(w.tom).want(200)
	w.exchange(mine).wantError(401, "invalid_client")
}
