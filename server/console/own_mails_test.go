package console_test

import (
	"strings"
	"testing"
	"time"
)

const ownMailsPath = "/console/account/mails"

// about returns the mails with the words in them.
func about(mails []string, words string) (found []string) {
	for _, mail := range mails {
		if strings.Contains(strings.Join(strings.Fields(mail), " "), words) {
			found = append(found, mail)
		}
	}
	return found
}

// A person is told of a sign-in from a browser that is new, and not of the next from the same one, unless they want no such mail.
func TestMailAboutANewBrowser(t *testing.T) {
	m := newMailing(t)
	h := m.harness
	const words = "Somebody signed in as grace@acme.example"
	grace := h.with("grace", firefox)
	told := about(m.all(), words)
	if len(told) != 1 {
		t.Fatalf("%d mails about the first sign-in", len(told))
	}
	for _, want := range []string{"Firefox on Linux", "127.0.0.1", "With: the password", "/console/account"} {
		if len(about(told, want)) == 0 {
			t.Errorf("the mail does not say %q: %s", want, told[0])
		}
	}
	again := form{"email": {emailOf("grace")}, "password": {password}}
	grace.post("/console/sign-out", nil).want(303)
	grace.post("/console/sign-in", again).want(303)
	if told := about(m.all(), words); len(told) != 0 {
		t.Errorf("told of a browser that is known: %s", told)
	}
	h.as("grace") // from the same address, which is no browser
	if told := about(m.all(), words); len(told) != 1 {
		t.Errorf("%d mails about another browser", len(told))
	}
	h.visitor().post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {"wrong"}}).want(401)

	grace.get("/console/account").says("A sign-in from a new browser: on", "These always come")
	grace.post(ownMailsPath, form{}).want(400)
	grace.post(ownMailsPath, form{"new_browser": {"off"}}).leadsTo("/console/account")
	grace.get("/console/account").says("A sign-in from a new browser: off", "You get no more mails about new browsers.")
	if told := about(m.all(), "You no longer get a mail"); len(told) != 1 {
		t.Errorf("%d mails about the choice", len(told))
	}
	grace.post(ownMailsPath, form{"new_browser": {"off"}}).want(303)
	h.as("grace")
	h.as("linus")
	if all := m.all(); len(about(all, words)) != 0 || len(all) != 1 {
		t.Errorf("mails: %s", all)
	}
	grace.post(ownMailsPath, form{"new_browser": {"on"}}).leadsTo("/console/account")
	m.all()
	h.advance(31 * 24 * time.Hour) // a browser that was not used for so long is new
	grace.post("/console/sign-in", again).want(303)
	if told := about(m.all(), words); len(told) != 1 {
		t.Errorf("%d mails about a browser that is forgotten", len(told))
	}
}

// What was wanted at the sign-in counts: whoever comes in can't stop the mail about it.
func TestMailAboutANewBrowserIsNotStoppedByWhoComesIn(t *testing.T) {
	m := newMailing(t)
	thief := m.as("grace")
	thief.post(ownMailsPath, form{"new_browser": {"off"}}).leadsTo("/console/account")
	all := m.all()
	if len(about(all, "Somebody signed in as grace@acme.example")) != 1 || len(about(all, "You no longer get a mail")) != 1 {
		t.Errorf("mails: %s", all)
	}
	m.advance(quarter)
	thief.post(ownMailsPath, form{"new_browser": {"on"}}).want(401).says("Is it you?")
}

// Whoever has the password can't flood the mailbox, and is told of all the same.
func TestMailsAboutNewBrowsersAreBounded(t *testing.T) {
	m := newMailing(t)
	told := 0
	for range 14 {
		m.as("grace")
		told += len(about(m.all(), "Somebody signed in as grace@acme.example"))
	}
	if told < 10 || told > 12 { // the budget grows again meanwhile
		t.Errorf("%d mails about 14 browsers", told)
	}
}

// Whoever changes the password is not alone in knowing it.
func TestMailAboutAPasswordOfOnesOwn(t *testing.T) {
	m := newMailing(t)
	grace := m.as("grace")
	m.all()
	change := form{"proof_password": {password}, "password": {another}, "password_again": {another}}
	grace.post("/console/account/password", change).leadsTo("/console/account")
	told := about(m.all(), "set a new password for grace@acme.example")
	if len(told) != 1 || !strings.Contains(told[0], "To: \"Grace Hopper\" <grace@acme.example>") {
		t.Errorf("mails: %s", told)
	}
}
