package console_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// trail describes the session events of acme, oldest first.
func (h *harness) trail() (lines []string) {
	h.Helper()
	events, err := h.store.Events(h.Context(), "acme", store.EventsQuery{Limit: 100})
	h.must(err)
	slices.Reverse(events)
	for _, e := range events {
		if strings.HasPrefix(string(e.Action), "session.") {
			lines = append(lines, fmt.Sprintf("%s of %s by %q via %s from %s %v",
				e.Action, e.UserID, e.Actor.UserID, e.Actor.Via, e.Actor.Address, e.Details))
		}
	}
	return lines
}

// Sign-ins, failed ones and sign-outs are in the audit trail and, with the person's ID, in the log (ASVS 16.3.1).
func TestSignInsLeaveATrail(t *testing.T) {
	log := &logbook{}
	h := newHarness(t, func(o *server.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	h.user("acme", "eve", "Eve") // in no tenant
	try := func(email, password string, status int) *visitor {
		h.advance(time.Second) // events of one instant have no order
		v := h.visitor()
		v.post("/console/sign-in", form{"email": {email}, "password": {password}}).want(status)
		return v
	}
	v := try("grace@acme.example", password, 303)
	h.advance(time.Second)
	v.post("/console/sign-out", form{}).want(303)
	h.visitor().post("/console/sign-out", form{}).want(303) // nobody's
	h.advance(time.Second)
	v = try("grace@acme.example", password, 303)
	h.advance(time.Second)
	v.post("/console/sign-out-everywhere", yes(form{})).want(303)
	h.advance(time.Second)
	for range 3 {
		try("grace@acme.example", "wrong", 401)
	}
	try("hal@acme.example", password, 401)
	try("eve@acme.example", password, 403)
	try("nobody@acme.example", "wrong", 401)
	try("my secret passphrase", "wrong", 401)
	h.flush()

	from := " via console from 127.0.0.1 "
	want := []string{
		`session.started of grace by "grace"` + from + "map[browser:Go-http-client method:password]",
		`session.ended of grace by "grace"` + from + "map[]",
		`session.started of grace by "grace"` + from + "map[browser:Go-http-client method:password]",
		`session.ended of grace by "grace"` + from + "map[everywhere:true]",
		`session.refused of grace by ""` + from + "map[count:3 method:password reason:wrong_password]",
		`session.refused of hal by ""` + from + "map[count:1 method:password reason:user_disabled]",
		`session.refused of eve by ""` + from + "map[count:1 method:password reason:not_a_member]",
	}
	if got := h.trail(); !slices.Equal(got, want) {
		t.Errorf("the trail is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, line := range []string{
		`msg="signed in"`, `msg="signed out"`, "account_id=acme user_id=grace address=127.0.0.1",
		`msg="sign-in refused" account_id=acme user_id=hal via=console method=password reason=user_disabled count=1 address=127.0.0.1`,
		`msg="sign-in refused" account_id="" user_id="" via=console method=password reason=unknown_user count=2 address=127.0.0.1`,
	} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log has no %s", line)
		}
	}
	if strings.Contains(log.String(), "passphrase") {
		t.Error("the log has what somebody typed for a name")
	}
	h.as("ada").get("/console/activity").want(200).says("Signed in", "Signed out", "Refused a sign-in")
}

// However many attempts fail, they leave one event a minute for each user and reason.
func TestFailedSignInsDoNotFillTheTrail(t *testing.T) {
	h := newHarness(t)
	for range 20 { // more than the budget of a minute
		h.visitor().post("/console/sign-in", form{"email": {"grace@acme.example"}, "password": {"wrong"}})
		h.flush()
	}
	got := strings.Join(h.trail(), "\n")
	if len(h.trail()) != 2 || !strings.Contains(got, policy.SignInWrongPassword) || !strings.Contains(got, policy.SignInTooMany) {
		t.Errorf("the trail is %s", got)
	}
	h.advance(time.Minute)
	h.flush()
	if len(h.trail()) != 4 {
		t.Errorf("a minute later it is %s", strings.Join(h.trail(), "\n"))
	}
}

// Whoever signs in at the provider leaves the same trail.
func TestOpenIDSignInsLeaveATrail(t *testing.T) {
	h, _, _ := openIDHarness(t)
	h.visitor().arrive("ada-login").leadsTo("/console")
	h.advance(time.Second)
	h.visitor().arrive("hal").want(403)
	h.flush()
	want := []string{
		`session.started of ada by "ada" via console from 127.0.0.1 map[browser:Go-http-client method:openid]`,
		`session.refused of hal by "" via console from 127.0.0.1 map[count:1 method:openid reason:user_disabled]`,
	}
	if got := h.trail(); !slices.Equal(got, want) {
		t.Errorf("the trail is\n%s", strings.Join(got, "\n"))
	}
}
