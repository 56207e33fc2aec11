package main_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestScriptsOfNotices(t *testing.T) {
	dir := t.TempDir()
	mails, hooks := filepath.Join(dir, "mails"), filepath.Join(dir, "hooks")
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { keep(t, hooks, r.Body) }))
	t.Cleanup(receiver.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailbox{t, mails}, nil }))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	runScripts(t, "testdata/notices", map[string]string{
		"SMTP_URL": "smtp://" + listener.Addr().String(), "HOOK_URL": receiver.URL, "MAIL_FILE": mails, "HOOK_FILE": hooks,
	})
}

// keep appends what arrives to a file.
func keep(t *testing.T, path string, r io.Reader) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(file, r)
		_ = file.Close()
	}
	if err != nil {
		t.Error(err)
	}
}

// mailbox is a session of a mail server that takes everything.
type mailbox struct {
	t    *testing.T
	path string
}

func (*mailbox) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*mailbox) Reset()                               {}
func (*mailbox) Logout() error                        { return nil }

func (m *mailbox) Data(r io.Reader) error {
	keep(m.t, m.path, r)
	return nil
}

// arrives FILE REGEXP waits until a file has what matches.
func arrives(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[1])
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(args[0]) // which need not be there yet
		if want.Match(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nothing that matches %s arrived in\n%s", want, text)
		}
	}
}
