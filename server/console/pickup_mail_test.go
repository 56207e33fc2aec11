package console_test

import (
	"io"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mintkey/notify"
)

// mailbox is a session of a mail server that accepts everything.
type mailbox struct {
	messages chan string
}

func (mailbox) Mail(string, *smtp.MailOptions) error { return nil }
func (mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (mailbox) Reset()                               {}
func (mailbox) Logout() error                        { return nil }

func (m mailbox) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	m.messages <- string(message)
	return err
}

// receiveMail starts a mail server and returns its URL and the messages it receives.
func (h *harness) receiveMail() (url string, messages <-chan string) {
	h.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	box := mailbox{make(chan string, 10)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return box, nil }))
	go func() { _ = server.Serve(listener) }()
	h.Cleanup(func() { _ = server.Close() })
	return "smtp://" + listener.Addr().String(), box.messages
}

// End to end: an admin creates a key for Linus, who gets a mail, opens the link in it, signs in, and sees the secret once.
func TestPickUpByMail(t *testing.T) {
	h := newHarness(t)
	url, messages := h.receiveMail()
	mail, err := notify.NewMail(notify.MailConfig{
		URL: url, From: "mintkey@acme.example", Issuer: h.url, Records: h.store, PickUpLink: h.server.Links().PickUp,
	})
	h.must(err)
	worker := notify.NewOutboxWorker(h.store, h.store, slog.New(slog.DiscardHandler), mail)

	clientID, adminsPath := h.as("tom").handOver("linus")
	h.advance(time.Hour)
	_, err = worker.Tick(t.Context(), h.now())
	h.must(err)
	message := <-messages
	if strings.Contains(message, "Sign-in from a new browser") { // Tom's
		message = <-messages
	}
	link := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(h.url) + `(/console/pick-up/[A-Z2-7]{26})\r$`).FindStringSubmatch(message)
	if link == nil || link[1] == adminsPath {
		t.Fatalf("no link of its own in %s", message)
	}
	path := link[1]
	h.as("tom").get(path).want(404)

	linus := h.visitor()
	linus.get(path).want(303)
	linus.post("/console/sign-in", form{"email": {"linus@acme.example"}, "password": {password}, "next": {path}}).leadsTo(path)
	same, secret := linus.post(path, form{}).says("shown only this once").revealed()
	if same != clientID || h.token(clientID, secret) != 200 {
		t.Error("what was picked up does not open")
	}
	linus.get(path).want(410)
	linus.get(adminsPath).want(410).says("Already picked up")
}
