package console_test

import (
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

// An admin creates a user without a password, who chooses one through a link that lasts three days.
func TestFirstPassword(t *testing.T) {
	m := newMailing(t)
	ada := m.as("ada")
	p := ada.get("/console/users/new").says("mail the user a link to choose one")
	if !strings.Contains(p.body, `name="send_link" value="on" checked`) {
		t.Error("the link is not sent by default")
	}
	eve := form{"name": {"Eve"}, "email": {"eve@acme.example"}, "send_link": {"on"}}
	at := ada.post("/console/users/new", eve).want(303).header.Get("Location")
	ada.get(at).says("Created Eve, and mailed them a link to choose a password.")
	message := m.mail()
	for _, want := range []string{
		"Subject: Choose your password for Mintkey (Acme Corporation)", "Ada Lovelace (ada@acme.example) asks you",
		"Thursday, 5 March 2026, 09:00 UTC", "To: \"Eve\" <eve@acme.example>",
	} {
		if !strings.Contains(message, want) {
			t.Errorf("%q is missing in %s", want, message)
		}
	}
	m.advance(72*time.Hour - time.Nanosecond)
	m.chooses(m.link(message), another)
	if !strings.Contains(m.mail(), "You set a new password") {
		t.Error("the user gets no mail about it")
	}
	signIn := form{"email": {"eve@acme.example"}, "password": {another}}
	m.visitor().post("/console/sign-in", signIn).want(403).says("not a member of any tenant")
	ada = m.as("ada")
	ada.get("/console/activity").says("Ada Lovelace", "Sent a link to set the password: Eve", "eve@acme.example")

	ada.post("/console/users/new", form{"name": {"Mia"}, "email": {"mia@acme.example"}}).want(303)
	ada.post("/console/users/new", form{"name": {"Zoe"}, "email": {"zoe@acme.example"}, "password": {password}, "send_link": {"on"}}).want(303)
	if mails := m.mails(); len(mails) > 0 {
		t.Errorf("who needs no link, or shall have none, gets %s", mails)
	}
	p = ada.post("/console/users/new", form{"name": {"Max"}, "email": {"nonsense"}}).want(422)
	if strings.Contains(p.body, `value="on" checked`) {
		t.Error("a form that comes back has ticked what was not")
	}
}

func TestFirstLinksExpire(t *testing.T) {
	m := newMailing(t)
	m.as("ada").post("/console/users/linus", form{"do": {"link"}}).leadsTo("/console/users/linus")
	link := m.link(m.mail())
	v := m.visitor()
	v.follow(link).want(200)
	m.advance(72 * time.Hour)
	v.get(choosePage).want(410).says("ask an admin of your account")
	v.post(choosePage, twice(another)).want(410)
}

func TestSendingALink(t *testing.T) {
	m := newMailing(t)
	ada := m.as("ada")
	send := form{"do": {"link"}}
	ada.get("/console/users/grace").says("Send a link to choose a password")
	ada.post("/console/users/grace", send).leadsTo("/console/users/grace")
	ada.get("/console/users/grace").says("A mail with a link to choose a password is on its way to grace@acme.example.")
	ada.post("/console/users/grace", send).want(303)
	ada.post("/console/users/ada", send).want(303)
	mails := strings.Join(m.mails(), "\n")
	if !strings.Contains(mails, "you wanted to choose a password") || strings.Count(mails, "\n"+m.url+"/console/password/") != 3 {
		t.Errorf("the mails are %s", mails)
	}
	ada.get("/console/users/hal").saysNot("Send a link")
	ada.post("/console/users/hal", send).want(409).says("This user is disabled.")
	ada.post("/console/users/nobody", send).want(404)
	ada.post("/console/users/rita", send).want(404)
	m.as("tom").post("/console/users/grace", send).want(403)

	// The limit on mails to one address covers these too, even if the user is deleted and created again.
	ada.post("/console/users/grace", send).want(303)
	ada.post("/console/users/grace", send).want(429)
	m.forgets("grace@acme.example").want(200)
	m.must(m.store.DeleteUser(t.Context(), "acme", "grace"))
	ada.post("/console/users/new", form{"name": {"Grace"}, "email": {"grace@acme.example"}, "send_link": {"on"}}).want(429)
	if mails := m.mails(); len(mails) > 0 { // the third was for a user who has been deleted
		t.Errorf("the mails are %s", mails)
	}
}

// An admin who may not set a user's password can't get it by mail either: neither send the link nor change the address to their own.
func TestLinksGiveNobodyMore(t *testing.T) {
	m := newMailing(t)
	m.user("acme", "root", "Radia Perlman", policy.RoleOperator)
	ada := m.as("ada")
	for _, values := range []form{
		{"do": {"link"}},
		yes(form{"do": {"password"}, "password": {another}}),
		{"do": {"save"}, "name": {"Radia"}, "email": {"ada+root@acme.example"}, "role": {"operator"}},
		{"do": {"save"}, "name": {"Radia"}, "email": {"ada+root@acme.example"}},
	} {
		ada.post("/console/users/root", values).want(403)
	}
	m.forgets("root@acme.example")
	if message := m.mail(); !strings.Contains(message, "To: \"Radia Perlman\" <root@acme.example>") {
		t.Errorf("the link went elsewhere: %s", message)
	}
}
