package e2e_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"mintkey/e2e/internal/e2etest"
)

// mailbox is a session of a mail server that takes everything.
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

// A server with mail brings the owner of a key for pick-up a link of their own, which leads to the console (R26).
func TestPickUpByMail(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := mailbox{make(chan string, 10)}
	mail := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return box, nil }))
	go func() { _ = mail.Serve(listener) }()
	t.Cleanup(func() { _ = mail.Close() })
	d := deploy(t, "redis", 2, "MINTKEY_SMTP_URL=smtp://"+listener.Addr().String(), "MINTKEY_SMTP_FROM=mintkey@example.com")
	d.addMember("owner")

	var answer struct {
		accessKey
		URL string `json:"pick_up_url"`
	}
	d.admin.must(http.StatusCreated, http.MethodPost, d.keysPath(), map[string]any{"user_id": "owner", "pick_up": true}, &answer)
	var message string
	e2etest.Eventually(t, "the mail", func() error {
		select {
		case message = <-box.messages:
		default:
			return errors.New("no mail yet")
		}
		if !strings.Contains(message, answer.ClientID) {
			return errors.New("a mail about something else")
		}
		return nil
	})
	link := regexp.MustCompile(`(?m)^(` + regexp.QuoteMeta(d.issuer()) + `/console/pick-up/[A-Z2-7]{26})\r$`).FindStringSubmatch(message)
	if link == nil || link[1] == answer.URL || answer.ClientSecret != "" {
		t.Fatalf("no link of its own in %s", message)
	}
	stay := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := stay.Get(link[1])
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if to := page.Header.Get("Location"); page.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/console/sign-in?next=") {
		t.Errorf("the link leads to %d %s, want the page to sign in", page.StatusCode, to)
	}
}
