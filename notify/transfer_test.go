package notify_test

import (
	"strings"
	"testing"

	"mintkey/notify"
	"mintkey/policy"
)

// Both owners hear of a transfer: the one who has the key now, and the one who had it.
func TestMailOfATransfer(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "build server", noon))
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for _, row := range []struct {
		facts   policy.KeyFacts
		subject string
		lines   []string
	}{
		{
			policy.KeyFacts{From: "grace"},
			"An access key is yours now: build server (mk_1)",
			[]string{
				"the operator of the server", "gave you an access key of", "Grace Hopper (grace@example.com)", "Saturday, 30 May 2026, 12:00 UTC",
			},
		},
		{
			policy.KeyFacts{Label: "build server", To: "grace"},
			"Your access key has another owner: build server (mk_1)",
			[]string{"the operator of the server", "gave your access key to", "Grace Hopper (grace@example.com)", "you owned this access key"},
		},
		{
			policy.KeyFacts{Label: "build server", To: "nobody"},
			"Your access key has another owner: build server (mk_1)",
			[]string{"somebody else"},
		},
	} {
		server.received = nil
		event := policy.Event{
			ID: "0-" + row.facts.From + row.facts.To, At: noon, Action: policy.ActionKeyTransferred, Actor: policy.Actor{Via: "command"},
			AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: "mk_1", Payload: policy.Payload{Key: &row.facts},
		}
		must(t, deliver(t.Context(), s, channel, event, noon))
		got := read(t, server.only(t))
		if got.subject != row.subject {
			t.Errorf("subject %q, want %q", got.subject, row.subject)
		}
		for _, line := range row.lines {
			if !strings.Contains(got.text, line) || !strings.Contains(got.html, line) {
				t.Errorf("%q is missing in\n%s\n%s", line, got.text, got.html)
			}
		}
	}
}
