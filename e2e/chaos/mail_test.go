package chaos_test

import (
	"bytes"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailServer is a real one that keeps what it has taken responsibility for.
type mailServer struct {
	address string

	mu       sync.Mutex
	messages [][]byte
	trouble  func() error // if set, what the end of a message is answered with
}

func startMail(t *testing.T) *mailServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mailServer{address: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return conversation{m}, nil }))
	server.ErrorLog = log.New(io.Discard, "", 0) // servers are killed in the middle of a message
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

// settings make a server write through it.
func (m *mailServer) settings() []string {
	return []string{"MINTKEY_SMTP_URL=smtp://" + m.address, "MINTKEY_SMTP_FROM=mintkey@example.com"}
}

// disturb answers the end of every message with an error from now on; nil ends that.
func (m *mailServer) disturb(trouble func() error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trouble = trouble
}

// about counts the messages in which a client ID stands.
func (m *mailServer) about(clientID string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := 0
	for _, message := range m.messages {
		if bytes.Contains(message, []byte(clientID)) {
			count++
		}
	}
	return count
}

// conversation is one session.
type conversation struct{ *mailServer }

func (conversation) Mail(string, *smtp.MailOptions) error { return nil }
func (conversation) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (conversation) Reset()                               {}
func (conversation) Logout() error                        { return nil }

func (c conversation) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	trouble := c.trouble
	c.mu.Unlock()
	if trouble != nil {
		if err := trouble(); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, message)
	return nil
}

// greylisted is the answer of RFC 6647.
var greylisted = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, try again later"}

// slow makes the end of a message wait.
func slow(wait time.Duration) func() error {
	return func() error { time.Sleep(wait); return nil }
}
