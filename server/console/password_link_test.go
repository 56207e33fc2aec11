package console_test

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/bolttest"
)

const (
	forgottenPage = "/console/forgot-password"
	choosePage    = "/console/password"
	another       = "another horse"
)

// withMail enables the pages that offer mail, without sending any.
func withMail(o *server.Options) { o.Mail = true }

// mailing is a harness with a mail server.
type mailing struct {
	*harness
	messages <-chan string
	worker   *notify.OutboxWorker
}

func newMailing(t *testing.T, change ...func(*server.Options)) mailing {
	t.Helper()
	h := newHarness(t, append(change, withMail)...)
	url, messages := h.receiveMail()
	mail, err := notify.NewMail(notify.MailConfig{
		URL: url, From: "mintkey@acme.example", Issuer: h.url, Records: h.store,
		PickUpLink: h.server.Links().PickUp, PasswordLink: h.server.Links().Password,
	})
	h.must(err)
	return mailing{h, messages, notify.NewOutboxWorker(h.store, h.store, slog.New(slog.DiscardHandler), mail)}
}

// mails returns the messages sent since the last call, but those about new browsers, which every visitor is.
func (m mailing) mails() []string {
	m.Helper()
	return slices.DeleteFunc(m.all(), func(mail string) bool { return strings.Contains(mail, "Subject: Sign-in from a new browser") })
}

func (m mailing) all() (all []string) {
	m.Helper()
	for {
		taken, err := m.worker.Tick(m.Context(), m.now())
		m.must(err)
		if taken == 0 {
			break
		}
	}
	for {
		select {
		case message := <-m.messages:
			all = append(all, message)
		default:
			return all
		}
	}
}

func (m mailing) mail() string {
	m.Helper()
	all := m.mails()
	if len(all) != 1 {
		m.Fatalf("%d mails, want 1: %s", len(all), all)
	}
	return all[0]
}

// link returns the path of the link in a mail.
func (m mailing) link(message string) string {
	m.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(m.url) + `(/console/password/[A-Z2-7]{26})\r$`).FindStringSubmatch(message)
	if found == nil {
		m.Fatalf("no link in %s", message)
	}
	return found[1]
}

func (m mailing) forgets(email string) page {
	m.Helper()
	return m.visitor().post(forgottenPage, form{"email": {email}})
}

// forgotten returns the link mailed to a user who forgot the password.
func (m mailing) forgotten(user string) string {
	m.Helper()
	m.forgets(user + "@acme.example").want(200)
	return m.link(m.mail())
}

// passwordLink returns the path of a link that an admin has sent.
func (h *harness) passwordLink(user string) string {
	h.Helper()
	sent := policy.Event{At: h.now(), Action: policy.ActionPasswordLinkSent, AccountID: "acme", UserID: user}
	link, err := h.service.PasswordLinkOf(h.Context(), sent, h.now())
	h.must(err)
	return choosePage + "/" + link.Code
}

func twice(password string) form { return form{"password": {password}, "password_again": {password}} }

// follow opens a link as a browser does.
func (v *visitor) follow(link string) page {
	v.Helper()
	v.get(link).leadsTo(choosePage)
	return v.get(choosePage)
}

// graceOpens reports whether Grace can sign in with the password.
func (h *harness) graceOpens(password string) bool {
	h.Helper()
	return h.visitor().post("/console/sign-in", form{"email": {"grace@acme.example"}, "password": {password}}).status == 303
}

func TestForgottenPassword(t *testing.T) {
	m := newMailing(t)
	m.visitor().get("/console/sign-in").says("Forgot your password?")
	elsewhere := m.as("grace")
	link := m.forgotten("grace")

	v := m.visitor()
	for range 3 { // as programs that look for viruses do
		m.visitor().get(link).leadsTo(choosePage)
	}
	v.follow(link).want(200).says("grace @acme.example", "Acme Corporation", "10 to 256 characters")
	v.post(choosePage, twice("short")).want(422).says("A password has 10 to 256 characters.")
	v.post(choosePage, form{"password": {another}, "password_again": {another + "s"}}).want(422).says("not the same")
	if !elsewhere.signedIn() || !m.graceOpens(password) {
		t.Error("a wrong password has ended something")
	}
	v.post(choosePage, twice(another)).leadsTo("/console/sign-in")
	if p := v.get("/console/sign-in").says("Your password is set."); !strings.Contains(p.body, `value="grace@acme.example"`) {
		t.Error("the address is not filled in")
	}
	m.advance(time.Second)
	if m.graceOpens(password) || !m.graceOpens(another) || elsewhere.signedIn() {
		t.Error("the new password must open, the old one must not, and sessions must have ended")
	}
	v.get(choosePage).want(410).says("no longer works", "Get a new link")
	v.post(choosePage, twice("a third horse")).want(410)
	m.visitor().follow(link).want(410)

	confirmation := m.mail()
	if !strings.Contains(confirmation, "Subject: A new password was set for Mintkey (Acme Corporation)") ||
		strings.Contains(confirmation, "/console/password/") {
		t.Errorf("the user hears %s", confirmation)
	}
	m.as("ada").get("/console/activity").says("Somebody", "Asked for a new password: Grace Hopper", "by a mailed link")
}

// The response does not reveal whether there is a user.
func TestForgottenAnswersAlike(t *testing.T) {
	m := newMailing(t)
	m.must(m.store.UpdateUser(t.Context(), "acme", "linus", func(u policy.User) (policy.User, []policy.Event, error) {
		u.PasswordHash = ""
		return u, nil, nil
	}))
	began := time.Now()
	want := m.forgets("nobody@acme.example").want(200).says("If there is a user with this address")
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("an unknown address is answered after %v, which tells it from one that costs more", took)
	}
	for _, email := range []string{"grace@acme.example", "GRACE@acme.example", "hal@acme.example", "linus@acme.example"} {
		if got := m.forgets(email).want(200); got.body != want.body || got.header.Get("Set-Cookie") != "" {
			t.Errorf("the answer for %s tells more than that for an unknown address:\n%s", email, got.body)
		}
	}
	if mails := m.mails(); len(mails) != 2 { // to Grace
		t.Errorf("%d mails, want 2: %s", len(mails), mails)
	}
	m.forgets("nonsense").want(422).says("Enter one address")
}

// An address with users in several accounts gets one mail for each; the mail names the account.
func TestForgottenInTwoAccounts(t *testing.T) {
	m := newMailing(t)
	m.must(m.store.CreateUser(t.Context(), policy.User{
		ID: "grace-too", AccountID: "rival", Name: "Grace", Email: "Grace@acme.example", PasswordHash: "$argon2id$…",
	}))
	m.forgets("grace@acme.example").want(200)
	mails := strings.Join(m.mails(), "\n")
	if strings.Count(mails, "Subject: Choose a new password for Mintkey (") != 2 ||
		!strings.Contains(mails, "in Acme Corporation") || !strings.Contains(mails, "in Rival Ltd") {
		t.Errorf("the mails are %s", mails)
	}
	m.visitor().post(forgottenPage, form{"email": {"grace@acme.example"}, "account": {"rival"}}).want(200)
	m.visitor().follow(m.link(m.mail())).says("Grace @acme.example", "Rival Ltd")
}

func TestForgottenIsLimited(t *testing.T) {
	m := newMailing(t)
	for range 5 {
		m.forgets("grace@acme.example").want(200)
	}
	if mails := m.mails(); len(mails) != 3 {
		t.Errorf("one mailbox gets %d mails an hour, want 3", len(mails))
	}
	p := m.forgets("Grace@acme.example").want(429).says("Try again in")
	if p.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for range 5 {
		m.forgets("nobody@acme.example").want(200)
	}
	m.forgets("nobody@acme.example").want(429)
	if !m.graceOpens(password) {
		t.Error("who asks for links must not lock anybody out")
	}
}

// Requests from one place for many addresses are limited too.
func TestForgottenIsLimitedByPlace(t *testing.T) {
	m := newMailing(t)
	asked := 0
	for m.forgets(fmt.Sprintf("nobody%d@acme.example", asked)).status == 200 {
		if asked++; asked > 60 {
			t.Fatal("60 addresses were tried from one place, and none was refused")
		}
	}
	if asked != 30 {
		t.Errorf("%d addresses were tried from one place when the next was refused, want 30", asked)
	}
}

// If a link is used many times at once, one request sets the password.
func TestPasswordLinkOnce(t *testing.T) {
	m := newMailing(t)
	link := m.forgotten("grace")
	v := m.visitor()
	v.follow(link).want(200)
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() { statuses[i] = v.post(choosePage, twice(another)).status })
	}
	wait.Wait()
	set := 0
	for _, status := range statuses {
		if status == 303 {
			set++
		}
	}
	if set != 1 {
		t.Errorf("the password was set %d times: %v", set, statuses)
	}
}

// A link expires, and ends early when its purpose does.
func TestPasswordLinksDie(t *testing.T) {
	change := func(values form) func(mailing) {
		return func(m mailing) { m.as("ada").post("/console/users/grace", values).want(303) }
	}
	disable, enable := change(yes(form{"do": {"disable"}})), change(form{"do": {"enable"}})
	for name, end := range map[string]func(mailing){
		"another password":   change(yes(form{"do": {"password"}, "password": {another}})),
		"another address":    change(form{"do": {"save"}, "name": {"Grace"}, "email": {"grace.hopper@acme.example"}}),
		"disabled":           disable,
		"disabled, but back": func(m mailing) { disable(m); enable(m) },
		"another link":       func(m mailing) { m.chooses(m.forgotten("grace"), another) },
		"time":               func(m mailing) { m.advance(time.Nanosecond) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailing(t)
			link := m.forgotten("grace")
			early := m.visitor()
			early.follow(link).want(200)
			m.advance(time.Hour - time.Nanosecond)
			early.get(choosePage).want(200)
			end(m)
			early.get(choosePage).want(410)
			early.post(choosePage, twice("a third horse")).want(410)
			m.visitor().follow(link).want(410)
			if m.graceOpens("a third horse") {
				t.Error("a dead link has set a password")
			}
		})
	}
}

func (m mailing) chooses(link, password string) {
	m.Helper()
	v := m.visitor()
	v.follow(link).want(200)
	v.post(choosePage, twice(password)).leadsTo("/console/sign-in")
}

// No mail is sent for a link that has expired, or for a user who may not sign in.
func TestNoLinkForWhoIsGone(t *testing.T) {
	for name, end := range map[string]func(mailing){
		"too late": func(m mailing) { m.advance(time.Hour) },
		"disabled": func(m mailing) { m.as("ada").post("/console/users/linus", yes(form{"do": {"disable"}})).want(303) },
		"deleted":  func(m mailing) { m.must(m.store.DeleteUser(m.Context(), "acme", "linus")) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailing(t)
			m.forgets("linus@acme.example").want(200)
			end(m)
			if mails := m.mails(); len(mails) > 0 {
				t.Errorf("a mail: %s", mails)
			}
			m.must(m.store.EachOutboxEntry(t.Context(), func(entry store.OutboxEntry, due time.Time) error {
				t.Errorf("an entry is still in the outbox, due %v: %+v", due, entry)
				return nil
			}))
		})
	}
}

// A session that somebody has planted in the browser is useless to them once the link has been followed in it.
func TestPasswordLinkNeedsANewSession(t *testing.T) {
	m := newMailing(t)
	v := m.visitor()
	v.follow(m.forgotten("linus")).want(200)
	planted := m.cookie(v).Value
	v.follow(m.forgotten("grace")).says("grace @acme.example")
	if m.cookie(v).Value == planted {
		t.Error("the session goes on under the same token")
	}
}

// The code of a link appears only in the mail: not in the store, which has a session that followed it, nor in the log or on the page.
func TestPasswordLinksAreNowhereElse(t *testing.T) {
	var log logBuffer
	m := newMailing(t, func(o *server.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	link := m.forgotten("grace")
	code := link[strings.LastIndex(link, "/")+1:]
	v := m.visitor()
	p := v.follow(link).want(200)
	v.get("/console//password/" + code)
	v.get("/" + code)
	v.post("/console/password/"+code, form{}).want(405)
	file := bolttest.Text(t, m.path)
	events, err := m.store.Events(t.Context(), "acme", store.EventsQuery{Limit: 10})
	m.must(err)
	if len(events) != 1 || events[0].Action != policy.ActionPasswordLinkRequested {
		t.Errorf("the trail is %v", events)
	}
	for place, text := range map[string]string{"the store": file, "the log": log.String(), "the page": p.body} {
		if strings.Contains(text, code) {
			t.Errorf("%s has the code of a link", place)
		}
	}
	if !strings.Contains(log.String(), "/console/password/[redacted]") || !strings.Contains(file, "password-link/") {
		t.Error("this looked in the wrong place")
	}
}

// logBuffer may be written to from many goroutines.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Without mail, no link is offered.
func TestNoLinksWithoutMail(t *testing.T) {
	h := newHarness(t)
	h.visitor().get("/console/sign-in").saysNot("Forgot")
	h.visitor().get(forgottenPage).want(404)
	h.visitor().post(forgottenPage, form{"email": {"grace@acme.example"}}).want(404)
	h.visitor().get(choosePage).want(410).saysNot("Get a new link")
	ada := h.as("ada")
	ada.get("/console/users/new").saysNot("mail the user a link")
	ada.get("/console/users/grace").saysNot("Send a link")
	ada.post("/console/users/grace", form{"do": {"link"}}).want(404)
}
