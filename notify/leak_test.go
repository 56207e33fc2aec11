package notify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

func leakEvent(effect policy.LeakEffect) policy.Event {
	return policy.Event{
		ID: "0-leak", At: noon, Action: policy.ActionKeyLeaked, Actor: policy.Actor{Via: "api", Address: "203.0.113.9"},
		AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: "mk_1",
		Details: map[string]string{"effect": string(effect), "url": "https://anybody.example/lure"},
		Payload: policy.Payload{Key: &policy.KeyFacts{}, Leak: &policy.LeakFacts{Effect: effect}},
	}
}

// R35: the owner and the admins of the tenant are written to, each alone, with the way back. What anybody wrote into the report is not
// repeated: whoever has a secret must not send people to an address of their choice.
func TestLeakMails(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "build server", noon))
	for _, id := range []string{"eve", "off", "zoe"} {
		addUser(t, s, "acme", id, "Admin "+id)
		join(t, s, "load", id, noon)
		changeMembership(t, s, id, func(m policy.Membership) (policy.Membership, error) { return m.WithRole(policy.RoleTenantAdmin, noon) })
	}
	must(t, s.UpdateUser(t.Context(), "acme", "off", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Disabled = true
		return u, nil, nil
	}))
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	event := leakEvent(policy.LeakStopsKey)
	must(t, deliver(t.Context(), s, channel, event, noon))
	var to, ids []string
	for _, r := range server.taken() {
		got := read(t, r)
		to, ids = append(to, strings.Join(r.to, " ")), append(ids, got.header.Get("Message-ID"))
		owner, page := "Ada Lovelace", issuer+"/console/tenants/load/keys?q=mk_1"
		if r.to[0] == "ada@example.com" {
			owner, page = "your access key", issuer+"/console/account"
		}
		for _, line := range []string{owner, page, "reported as leaked", "refresh it without an overlap", "build server"} {
			if text := strings.ReplaceAll(got.text, "\n", " "); !strings.Contains(text, line) || !strings.Contains(got.html, line) {
				t.Errorf("%s: %q is missing in\n%s\n%s", r.to, line, got.text, got.html)
			}
		}
		subject := "The client secret of an access key has leaked: build server (mk_1)"
		if strings.Contains(got.text+got.html, "anybody.example") || got.subject != subject {
			t.Errorf("%s\n%s\n%s", got.subject, got.text, got.html)
		}
	}
	wantEachTheirOwn(t, to, ids, "ada@example.com", "eve@example.com", "zoe@example.com")

	server.received = nil
	event = leakEvent(policy.LeakEndsOverlap)
	event.Payload.Leak.URL = "https://github.com/o/r/blob/main/f#L1"
	must(t, deliver(t.Context(), s, channel, event, noon))
	got := read(t, server.taken()[0])
	for _, line := range []string{"The new secret works on", "GitHub found it at https://github.com/o/r/blob/main/f#L1"} {
		if !strings.Contains(got.text, line) || !strings.Contains(got.html, line) {
			t.Errorf("%q is missing in\n%s\n%s", line, got.text, got.html)
		}
	}
}

// One mailbox that is gone keeps nobody else from hearing of the leak; one that is busy is tried again.
func TestLeakMailsThatFail(t *testing.T) {
	for code, permanent := range map[int]bool{550: true, 450: false} {
		s, server := openBolt(t), startMailServer(t, mailServerOptions{})
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		changeMembership(t, s, "grace", func(m policy.Membership) (policy.Membership, error) {
			return m.WithRole(policy.RoleTenantAdmin, noon)
		})
		server.refuseRcpt = func(to string) error {
			if strings.HasPrefix(to, "ada@") {
				return &smtp.SMTPError{Code: code, Message: "no"}
			}
			return nil
		}
		err := deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), leakEvent(policy.LeakStopsKey), noon)
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent {
			t.Errorf("%d: %v", code, err)
		}
		if diff := cmp.Diff([]string{"grace@example.com"}, server.only(t).to); diff != "" {
			t.Error(diff)
		}
	}
}

// wantEachTheirOwn wants one message about an event for each address, in this order, each with an ID of its own.
func wantEachTheirOwn(t *testing.T, to, ids []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, to); diff != "" {
		t.Error(diff)
	}
	if slices.Sort(ids); len(slices.Compact(slices.Clone(ids))) != len(want) {
		t.Errorf("the Message-IDs are %q", ids)
	}
}
