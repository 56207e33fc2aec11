package notify_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mintkey/notify"
	"mintkey/policy"
)

// Both keys of a membership end in one act, and the owner reads of both in one message.
func TestOneMailForKeysRevokedTogether(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	event := func(clientID string, facts policy.KeyFacts) policy.Event {
		return policy.Event{
			ID: "0-" + clientID, At: noon, Action: policy.ActionKeyRevoked, Actor: policy.Actor{UserID: "grace", Via: "console"},
			AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: clientID, Payload: policy.Payload{Key: &facts},
		}
	}
	for _, event := range []policy.Event{
		event("mk_1", policy.KeyFacts{Label: "build server", Also: []policy.KeyName{{ClientID: "mk_2", Label: "nightly <run>"}}}),
		event("mk_2", policy.KeyFacts{Label: "nightly <run>", ToldWith: "mk_1"}),
	} {
		must(t, deliver(t.Context(), s, channel, event, noon))
	}
	got := read(t, server.only(t))
	if want := "Your access keys were revoked: build server (mk_1) and 1 more"; got.subject != want {
		t.Errorf("subject %q, want %q", got.subject, want)
	}
	for _, line := range []string{"build server", "mk_1", "They are gone for good.", "you owned these access keys"} {
		if !strings.Contains(got.text, line) || !strings.Contains(got.html, line) {
			t.Errorf("%q is missing in\n%s\n%s", line, got.text, got.html)
		}
	}
	if !strings.Contains(got.text, "nightly <run> (mk_2)") || !strings.Contains(got.html, "nightly &lt;run&gt; (mk_2)") {
		t.Errorf("the other key is missing in\n%s\n%s", got.text, got.html)
	}
}

// Mails and console look like parts of one product: every colour of a mail is one of the console's.
func TestMailsHaveTheColoursOfTheConsole(t *testing.T) {
	css, err := os.ReadFile("../server/console/static/console.css")
	must(t, err)
	files, err := filepath.Glob("templates/*.html")
	must(t, err)
	colour, seen := regexp.MustCompile(`#[0-9a-f]{3,8}\b`), 0
	for _, file := range files {
		html, err := os.ReadFile(file)
		must(t, err)
		for _, c := range colour.FindAllString(string(html), -1) {
			if seen++; !strings.Contains(string(css), c) {
				t.Errorf("%s: the console has no colour %s", file, c)
			}
		}
	}
	if seen == 0 {
		t.Error("no colour found in templates/*.html")
	}
}
