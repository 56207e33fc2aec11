package server_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// endAt gives the person's key an end of its own.
func (w *world) endAt(as caller, p person, end time.Time) answer {
	w.Helper()
	return w.patch(as, keyPath(p), `{"expires_at":"`+end.UTC().Format(time.RFC3339Nano)+`"}`)
}

func (w *world) expiry(p person) (expiry api.Expiry) {
	w.Helper()
	w.get(w.ada, keyPath(p)+"/expiry").want(200).into(&expiry)
	return expiry
}

// A key with an end of its own lives no longer, whatever is done to it, and neither do its tokens (R6, R13, R14, R33).
func TestAKeyWithAnEndOfItsOwn(t *testing.T) {
	onEachStore(t, func(w *world) {
		end := w.clock.now().Add(10 * time.Minute).UTC()
		owner := w.newMember()
		a := w.post(w.ada, forgeKeys, `{"user_id":"`+owner.id+`","scopes":["api"],"expires_at":"`+end.Format(time.RFC3339Nano)+`"}`).want(201)
		p := a.created(owner)
		if key := w.key(p); !key.ExpiresAt.Equal(end) || !key.OwnExpiresAt.Equal(end) {
			t.Errorf("it expires at %v, its own end is %v, want %v", key.ExpiresAt, key.OwnExpiresAt, end)
		}
		var token struct {
			ExpiresIn int `json:"expires_in"`
		}
		w.exchange(p).want(200).wantHeader("Mintkey-Key-Expires", end.Format(time.RFC3339)).into(&token)
		if token.ExpiresIn > 600 {
			t.Errorf("a token lives for %d s, the key for 600", token.ExpiresIn)
		}
		p = w.refreshKey(p, map[string]any{"overlap_seconds": 3600})
		key := w.key(p)
		if !key.ExpiresAt.Equal(end) || len(key.Secrets) != 2 || !key.Secrets[1].EndsAt.Equal(end) {
			t.Errorf("after a refresh it expires at %v, with secrets %+v", key.ExpiresAt, key.Secrets)
		}
		if got := w.expiry(p); got.DecidedBy != api.DecidedByKey || !got.OwnExpiresAt.Equal(end) || len(got.Steps) == 0 ||
			!strings.Contains(got.Text, "new key") || len(got.Notices) != 3 || !got.Notices[0].At.Equal(end.Add(-30*policy.Day)) {
			t.Errorf("the explanation is %+v", got)
		}
		if body := w.get(w.ada, "/admin/v1/accounts/acme/calendar?days=1").want(200).body; strings.Count(body, p.clientID) != 1 {
			t.Errorf("the calendar of today: %s", body)
		}

		w.clock.set(end.Add(-time.Second))
		w.exchange(p).want(200)
		w.clock.set(end)
		w.exchange(p).wantError(401, "invalid_client")
		w.post(w.ada, keyPath(p)+"/refresh", nil).wantCode(409, "key_expired")
		w.endAt(w.ada, p, end.Add(time.Hour)).wantCode(409, "key_expired")
		w.patch(w.ada, keyPath(p), `{"expires_at":null}`).wantCode(409, "key_expired")
		w.patch(w.ada, keyPath(p), `{"label":"ended"}`).want(200)
		w.exchange(p).wantError(401, "invalid_client")
		if got := w.key(p).Status; got != policy.StatusExpired {
			t.Errorf("it is %s", got)
		}
		w.makeKey(w.ada, owner, "api") // it counts no more (R2)
		w.makeKey(w.ada, owner, "api")
		w.clock.set(end.Add(policy.ListedAfterExpiry))
		w.get(w.ada, keyPath(p)).want(404)
	})
}

// Moving the end: the earlier expiry counts, and without an end it is the policy's again.
func TestMovingTheEndOfAKey(t *testing.T) {
	w := newWorld(t)
	p := w.makeKey(w.ada, w.newMember(), "api")
	underPolicy := *w.key(p).ExpiresAt
	for _, row := range []struct {
		end, want time.Time
		by        api.ExpiryDecider
	}{
		{underPolicy.Add(time.Hour), underPolicy, api.DecidedByPolicy},
		{underPolicy.Add(-time.Hour), underPolicy.Add(-time.Hour), api.DecidedByKey},
		{underPolicy, underPolicy, api.DecidedByKey},
	} {
		w.endAt(w.ada, p, row.end).want(200)
		if got := w.expiry(p); !got.ExpiresAt.Equal(row.want) || got.DecidedBy != row.by {
			t.Errorf("with the end %v it is %+v", row.end, got)
		}
	}
	w.changeKey(p, `{"expires_at":null}`)
	if got := w.expiry(p); !got.ExpiresAt.Equal(underPolicy) || got.OwnExpiresAt != nil || got.DecidedBy != api.DecidedByPolicy {
		t.Errorf("without an end it is %+v", got)
	}
	trail := w.get(w.ada, acmeAudit+"?action=key.updated&client_id="+p.clientID).want(200).body
	last := `"expires_at":"` + underPolicy.UTC().Format(time.RFC3339) + `"`
	if !strings.Contains(trail, last) || !strings.Contains(trail, `"expires_at":"none"`) {
		t.Errorf("the audit trail does not have the ends: %s", trail)
	}
}

// An end that somebody else sets so near that a notice is due at once is told to the owner; the owner's own doing is not (R16).
func TestAnEndThatIsNearIsTold(t *testing.T) {
	w := newWorld(t)
	p := w.makeKey(w.ada, w.newMember(), "api")
	w.endAt(w.ada, p, w.clock.now().Add(40*policy.Day)).want(200)
	if got := w.eventsOf(policy.ActionKeyExpiring); len(got) != 0 {
		t.Errorf("40 days before: %+v", got)
	}
	w.endAt(w.ada, p, w.clock.now().Add(5*policy.Day)).want(200)
	if got := w.eventsOf(policy.ActionKeyExpiring); len(got) != 1 || got[0].ClientID != p.clientID || got[0].Details["days_before"] != "7" {
		t.Errorf("5 days before: %+v", got)
	}
	own := w.giveKey(w.ada, everyScope()...)
	w.endAt(own, own, w.clock.now().Add(5*policy.Day)).want(200)
	if got := w.eventsOf(policy.ActionKeyExpiring); len(got) != 1 {
		t.Errorf("the owner's own doing: %+v", got)
	}
}
