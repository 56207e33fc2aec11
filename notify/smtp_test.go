package notify_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"mintkey/notify"
)

func TestMailServers(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "ada", key)
	withPassword := mailServerOptions{user: "mintkey", password: "p@ss:word/"}
	const login = "mintkey:p%40ss%3Aword%2F@"
	with := func(o mailServerOptions, change func(*mailServerOptions)) mailServerOptions {
		change(&o)
		return o
	}
	for _, row := range []struct {
		name    string
		server  mailServerOptions
		scheme  string
		login   string
		query   string
		untrust bool
		want    session
		fails   string
	}{
		{name: "clear", scheme: "smtp"},
		{name: "STARTTLS when offered", server: mailServerOptions{startTLS: true}, scheme: "smtp", want: session{tls: true}},
		{
			name: "STARTTLS without trust is better than clear", server: mailServerOptions{startTLS: true},
			scheme: "smtp", untrust: true, want: session{tls: true},
		},
		{name: "STARTTLS required", server: mailServerOptions{startTLS: true}, scheme: "smtp", query: "?tls=required", want: session{tls: true}},
		{
			name: "STARTTLS required without trust", server: mailServerOptions{startTLS: true},
			scheme: "smtp", query: "?tls=required", untrust: true, fails: "certificate",
		},
		{name: "STARTTLS required, not offered", scheme: "smtp", query: "?tls=required", fails: "STARTTLS"},
		{name: "implicit TLS", server: mailServerOptions{implicitTLS: true}, scheme: "smtps", want: session{tls: true}},
		{name: "implicit TLS without trust", server: mailServerOptions{implicitTLS: true}, scheme: "smtps", untrust: true, fails: "certificate"},
		{name: "implicit TLS, server in clear", scheme: "smtps", fails: "tls"},
		{
			name: "password over STARTTLS", server: with(withPassword, func(o *mailServerOptions) { o.startTLS = true }),
			scheme: "smtp", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "password over implicit TLS", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS = true }),
			scheme: "smtps", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "AUTH LOGIN", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS, o.mechanism = true, "LOGIN" }),
			scheme: "smtps", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "password in clear on this machine", server: with(withPassword, func(o *mailServerOptions) { o.anyTLSForAuth = true }),
			scheme: "smtp", login: login,
			want: session{user: "mintkey"},
		},
		{
			// go-mail and the relay take this address for another machine.
			name: "password in clear to another machine", scheme: "smtp", login: login, fails: "STARTTLS",
			server: with(withPassword, func(o *mailServerOptions) { o.anyTLSForAuth, o.address = true, "127.0.0.2" }),
		},
		{
			name: "wrong password", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS = true }),
			scheme: "smtps", login: "mintkey:wrong-password@",
			fails: "535",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := startMailServer(t, row.server)
			config := notify.MailConfig{URL: row.scheme + "://" + row.login + net.JoinHostPort(server.host, server.port) + row.query, Records: s}
			if !row.untrust {
				config.RootCAs = server.roots
			}
			event := expiringEvent(key)
			err := deliver(t.Context(), s, newMail(t, config), event, event.At)
			if row.fails != "" {
				if err == nil || !strings.Contains(err.Error(), row.fails) || errors.Is(err, notify.ErrPermanent) || len(server.taken()) > 0 {
					t.Fatalf("error %v, want one that names %q and is worth another try", err, row.fails)
				}
				if strings.Contains(err.Error(), "wrong-password") || strings.Contains(err.Error(), "p@ss") {
					t.Errorf("the error has the password: %v", err)
				}
				return
			}
			must(t, err)
			server.only(t)
			if server.sessions[0] != row.want {
				t.Errorf("came in as %+v, want %+v", server.sessions[0], row.want)
			}
		})
	}
}

func TestMailRefusals(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "ada", key)
	event := expiringEvent(key)
	for _, row := range []struct {
		name      string
		prepare   func(*mailServer)
		permanent bool
	}{
		{"no such user", func(m *mailServer) {
			m.refuseRcpt = func(string) error { return &smtp.SMTPError{Code: 550, Message: "no such user"} }
		}, true},
		{"greylisted", func(m *mailServer) {
			m.refuseRcpt = func(string) error { return &smtp.SMTPError{Code: 450, Message: "try again"} }
		}, false},
		{"spam", func(m *mailServer) {
			m.judge = func(received) error { return &smtp.SMTPError{Code: 554, Message: "spam"} }
		}, true},
		{"disk full", func(m *mailServer) {
			m.judge = func(received) error { return &smtp.SMTPError{Code: 452, Message: "disk full"} }
		}, false},
		{"hangs up", func(m *mailServer) { m.judge = func(received) error { return errHangUp } }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := startMailServer(t, mailServerOptions{})
			row.prepare(server)
			err := deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), event, event.At)
			if err == nil || errors.Is(err, notify.ErrPermanent) != row.permanent || len(server.taken()) > 0 {
				t.Errorf("error %v, want one that is permanent: %v", err, row.permanent)
			}
		})
	}
}

// A mail server that falls silent must not hold anybody up.
func TestMailToASilentServer(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "ada", key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(connection, "220 localhost\r\n")
		_, _ = connection.Read(make([]byte, 1024)) // EHLO
		cancel()
		_, _ = io.Copy(io.Discard, connection)
	}()
	event := expiringEvent(key)
	err = deliver(ctx, s, newMail(t, notify.MailConfig{URL: "smtp://" + listener.Addr().String(), Records: s}), event, event.At)
	if err == nil || errors.Is(err, notify.ErrPermanent) || errors.Is(err, os.ErrDeadlineExceeded) { // it must not wait for the time-out
		t.Errorf("error %v", err)
	}
}

// Once the server has said yes, its failure to say goodbye must not make a duplicate.
func TestMailThatIsAcceptedIsDone(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "ada", key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	go rudeServer(listener)
	event := expiringEvent(key)
	must(t, deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: "smtp://" + listener.Addr().String(), Records: s}), event, event.At))
}

// rudeServer closes the connection right after it has accepted a message.
func rudeServer(listener net.Listener) {
	connection, err := listener.Accept()
	if err != nil {
		return
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "220 localhost\r\n")
	var buffer strings.Builder
	chunk := make([]byte, 4096)
	data := false
	for {
		n, err := connection.Read(chunk)
		if err != nil {
			return
		}
		buffer.Write(chunk[:n])
		switch text := buffer.String(); {
		case data && strings.HasSuffix(text, "\r\n.\r\n"):
			_, _ = io.WriteString(connection, "250 taken\r\n")
			return
		case data:
			continue
		case strings.HasPrefix(text, "DATA"):
			data = true
			_, _ = io.WriteString(connection, "354 go on\r\n")
		default:
			_, _ = io.WriteString(connection, "250 fine\r\n")
		}
		if !data || strings.HasPrefix(buffer.String(), "DATA") {
			buffer.Reset()
		}
	}
}

func TestWrongMailConfigs(t *testing.T) {
	for _, config := range []notify.MailConfig{
		{URL: "", From: "a@example.com"},
		{URL: "http://user:hunter22@example.com", From: "a@example.com"},
		{URL: "smtp://user:hunter22@", From: "a@example.com"},
		{URL: "smtp://user:hunter22@example.com:port", From: "a@example.com"},
		{URL: "smtp://user:hunter22@example.com?tls=maybe", From: "a@example.com"},
		{URL: "smtps://user:hunter22@example.com?tls=required", From: "a@example.com"},
		{URL: "smtp://user:hunter22@example.com/path", From: "a@example.com"},
		{URL: "smtp://user:hunter22@example.com", From: "nobody"},
	} {
		if _, err := notify.NewMail(config); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: error %v", config.URL, err)
		}
	}
}
