package notify_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

const issuer = "https://mintkey.example.com"

func newMail(t testing.TB, config notify.MailConfig) *notify.Mail {
	t.Helper()
	if config.From == "" {
		config.From = "Mintkey <mintkey@example.com>"
	}
	config.Issuer = issuer
	m, err := notify.NewMail(config)
	must(t, err)
	return m
}

// arrived is a message as the owner's mail program sees it.
type arrived struct {
	header  mail.Header
	subject string
	text    string
	html    string
}

func read(t testing.TB, r received) arrived {
	t.Helper()
	m := r.message(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	a := arrived{header: m.Header, subject: subject}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	must(t, err)
	if kind != "multipart/alternative" {
		t.Fatalf("content type %s", kind)
	}
	var kinds []string
	for parts := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		must(t, err)
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		must(t, err)
		if !strings.EqualFold(parameters["charset"], "utf-8") {
			t.Errorf("charset %s", parameters["charset"])
		}
		kinds = append(kinds, kind)
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if kind == "text/html" {
			a.html = text
		} else {
			a.text = text
		}
	}
	if diff := cmp.Diff([]string{"text/plain", "text/html"}, kinds); diff != "" { // the best last, RFC 2046 section 5.1.4
		t.Error(diff)
	}
	return a
}

func expiringEvent(key policy.AccessKey, days int) policy.Event {
	expiry := key.CreatedAt.AddDate(0, 0, 90)
	at := policy.NoticeTime(expiry, days).Add(40 * time.Second)
	return policy.Event{
		ID: policy.NewEventID(at, [10]byte{7}), At: at, Action: policy.ActionKeyExpiring, Actor: policy.Actor{Via: "server"},
		AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: key.ClientID,
		Details: map[string]string{"expires_at": expiry.Format(time.RFC3339Nano), "days_before": "7"},
	}
}

func TestMailOfAnExpiringKey(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := newKey("mk_1", "build server", noon)
	addKey(t, s, "acme", "load", "ada", key)
	event := expiringEvent(key, 7)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	must(t, channel.Deliver(t.Context(), event, event.At))

	raw := server.only(t)
	if diff := cmp.Diff([]string{"ada@example.com"}, raw.to); diff != "" || raw.from != "mintkey@example.com" {
		t.Errorf("envelope from %s to %s", raw.from, diff)
	}
	got := read(t, raw)
	for name, want := range map[string]string{
		"From":           `"Mintkey" <mintkey@example.com>`,
		"To":             `"Ada Lovelace" <ada@example.com>`,
		"Message-Id":     "<" + event.ID + "@example.com>",
		"Date":           "Sat, 23 May 2026 12:00:40 +0000",
		"Auto-Submitted": "auto-generated",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if want := "Your access key expires in 7 days: build server (mk_1)"; got.subject != want {
		t.Errorf("subject %q, want %q", got.subject, want)
	}
	wantText := `Hello Ada Lovelace,

your access key expires in 7 days. Programs that use it get no tokens after that.

  Client ID  mk_1
  Label      build server
  Tenant     Tenant load (load)
  Expires    Saturday, 30 May 2026, 12:00 UTC

To keep it working, refresh it before it expires. It keeps its client ID and
gets a new client secret, which you then give to the programs that use it.

  On your page       https://mintkey.example.com/console/account
  As a command       mintkey keys refresh mk_1 --mine
  As a request       POST https://mintkey.example.com/me/v1/keys/mk_1/refresh

If your programs need time to change over, choose an overlap of up to 7 days
(--overlap 168h): the old secret goes on working that long, though never past
the date above.

If nothing uses the key any more, you need not do anything.

-- 
You get this because you own this access key.
Mintkey at https://mintkey.example.com
`
	if diff := cmp.Diff(wantText, got.text); diff != "" {
		t.Errorf("text: %s", diff)
	}
	for _, want := range []string{
		"Hello Ada Lovelace", "expires in 7 days", "mk_1", "build server", "Tenant load (load)", "Saturday, 30 May 2026, 12:00 UTC",
		`href="https://mintkey.example.com/console/account"`, "mintkey keys refresh mk_1 --mine",
	} {
		if !strings.Contains(got.html, want) {
			t.Errorf("the HTML has no %q", want)
		}
	}
}

func TestExpiryInWords(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "acme", "load", "ada", key)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for left, want := range map[time.Duration]string{
		30 * policy.Day:             "in 30 days",
		30*policy.Day - time.Minute: "in 30 days",
		7*policy.Day - time.Hour:    "in 7 days",
		2 * policy.Day:              "in 2 days",
		36*time.Hour - time.Minute:  "in 1 day",
		policy.Day - time.Minute:    "in 1 day",
		22 * time.Hour:              "in 22 hours",
		90 * time.Minute:            "in 2 hours",
		time.Hour + 29*time.Minute:  "within the hour",
		time.Minute:                 "within the hour",
	} {
		server.received = nil
		must(t, channel.Deliver(t.Context(), expiringEvent(key, 7), after(90).Add(-left)))
		if got := read(t, server.only(t)).subject; got != "Your access key expires "+want+": mk_1" {
			t.Errorf("%v before: %q, want %q", left, got, want)
		}
	}
}

func TestMailOfWhatOthersDid(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "acme", "load", "ada", newKey("mk_1", "build server", noon))
	refreshedAt := after(10)
	addKey(t, s, "acme", "load", "ada", newKey("mk_2", "", noon))
	changeMembership(t, s, "load", "ada", func(m policy.Membership) (policy.Membership, error) {
		return m.WithRefreshedKey("mk_2", policy.Secret{}, 48*time.Hour, expiration(t, s, "acme"), refreshedAt)
	})
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for _, row := range []struct {
		action        policy.Action
		actor, client string
		at            time.Time
		subject       string
		lines         []string // of both parts
	}{
		{
			policy.ActionKeyCreated, "grace", "mk_1", noon, "You have a new access key: build server (mk_1)",
			[]string{"Grace Hopper (grace@example.com)", "created an access key", "Sunday, 1 March 2026, 12:00 UTC", "Saturday, 30 May 2026, 12:00 UTC"},
		},
		{
			policy.ActionKeyRefreshed, "grace", "mk_2", refreshedAt, "Your access key has a new secret: mk_2",
			[]string{"Grace Hopper (grace@example.com)", "refreshed your access key", "Old secret works until", "Friday, 13 March 2026, 12:00 UTC"},
		},
		{
			policy.ActionKeyRevoked, "nobody", "mk_3", noon, "Your access key was revoked: mk_3",
			[]string{"an administrator", "revoked your access key", "you owned this access key"},
		},
		{
			policy.ActionKeyRevoked, "", "mk_3", noon, "Your access key was revoked: mk_3",
			[]string{"the operator of the server", "revoked your access key"},
		},
	} {
		server.received = nil
		event := policy.Event{
			ID: "0-" + string(row.action), At: row.at, Action: row.action, Actor: policy.Actor{UserID: row.actor, Via: "api"},
			AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: row.client,
		}
		must(t, channel.Deliver(t.Context(), event, row.at))
		got := read(t, server.only(t))
		if got.subject != row.subject {
			t.Errorf("%s: subject %q, want %q", row.action, got.subject, row.subject)
		}
		for _, line := range row.lines {
			if !strings.Contains(got.text, line) || !strings.Contains(got.html, line) {
				t.Errorf("%s: %q is missing in\n%s\n%s", row.action, line, got.text, got.html)
			}
		}
	}
}

// What owners need not hear of: their own doing, and what the notices have told them before.
func TestNoMail(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "acme", "load", "ada", newKey("mk_1", "", noon))
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for _, event := range []policy.Event{
		{Action: policy.ActionKeyCreated, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeyRefreshed, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeyRevoked, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeyExpired, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionPolicyChanged, Actor: policy.Actor{UserID: "grace"}},
		{Action: policy.ActionKeyRevoked, Actor: policy.Actor{UserID: "grace"}, UserID: "deleted", TenantID: "load"},
	} {
		event.AccountID, event.ClientID = "acme", "mk_1"
		must(t, channel.Deliver(t.Context(), event, noon))
		if taken := server.taken(); len(taken) > 0 {
			t.Errorf("%s by %q: %s", event.Action, event.Actor.UserID, taken[0].raw)
			server.received = nil
		}
	}
}

func TestStrangeNames(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addUser(t, s, "acme", "zoe", "Zoë \"the\" Ångström, <script>\r\nBcc: eve@example.com\r\n\r\nHi")
	join(t, s, "load", "zoe", noon)
	addKey(t, s, "acme", "load", "zoe", newKey("mk_1", "キー\r\nX-Evil: 1 <b>&", noon))
	event := expiringEvent(newKey("mk_1", "", noon), 7)
	event.UserID = "zoe"
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	must(t, channel.Deliver(t.Context(), event, event.At))

	raw := server.only(t)
	got := read(t, raw)
	if diff := cmp.Diff([]string{"zoe@example.com"}, raw.to); diff != "" {
		t.Error(diff)
	}
	for _, injected := range []string{"Bcc", "X-Evil"} {
		if value := got.header.Get(injected); value != "" {
			t.Errorf("a name made a header: %s: %s", injected, value)
		}
	}
	if want := "Your access key expires in 7 days: キー X-Evil: 1 <b>& (mk_1)"; got.subject != want {
		t.Errorf("subject %q, want %q", got.subject, want)
	}
	to, err := got.header.AddressList("To")
	must(t, err)
	if want := `Zoë "the" Ångström, <script> Bcc: eve@example.com Hi`; len(to) != 1 || to[0].Name != want {
		t.Errorf("to %v, want the name %q", to, want)
	}
	if strings.Contains(got.html, "<script>") || strings.Contains(got.html, "<b>") {
		t.Errorf("a name is live in the HTML: %s", got.html)
	}
	if !strings.Contains(got.html, "キー X-Evil: 1 &lt;b&gt;&amp;") || !strings.Contains(got.text, "キー X-Evil: 1 <b>&") {
		t.Errorf("the label got lost: %s", got.text)
	}
}

func TestMailServers(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "acme", "load", "ada", key)
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
		{name: "STARTTLS without trust is better than clear", server: mailServerOptions{startTLS: true}, scheme: "smtp", untrust: true, want: session{tls: true}},
		{name: "STARTTLS required", server: mailServerOptions{startTLS: true}, scheme: "smtp", query: "?tls=required", want: session{tls: true}},
		{name: "STARTTLS required without trust", server: mailServerOptions{startTLS: true}, scheme: "smtp", query: "?tls=required", untrust: true, fails: "certificate"},
		{name: "STARTTLS required, not offered", scheme: "smtp", query: "?tls=required", fails: "STARTTLS"},
		{name: "implicit TLS", server: mailServerOptions{implicitTLS: true}, scheme: "smtps", want: session{tls: true}},
		{name: "implicit TLS without trust", server: mailServerOptions{implicitTLS: true}, scheme: "smtps", untrust: true, fails: "certificate"},
		{name: "implicit TLS, server in clear", scheme: "smtps", fails: "tls"},
		{
			name: "password over STARTTLS", server: with(withPassword, func(o *mailServerOptions) { o.startTLS = true }), scheme: "smtp", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "password over implicit TLS", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS = true }), scheme: "smtps", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "AUTH LOGIN", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS, o.mechanism = true, "LOGIN" }), scheme: "smtps", login: login,
			want: session{tls: true, user: "mintkey"},
		},
		{
			name: "password in clear on this machine", server: with(withPassword, func(o *mailServerOptions) { o.anyTLSForAuth = true }), scheme: "smtp", login: login,
			want: session{user: "mintkey"},
		},
		{
			// go-mail and the relay take this address for another machine.
			name: "password in clear to another machine", scheme: "smtp", login: login, fails: "STARTTLS",
			server: with(withPassword, func(o *mailServerOptions) { o.anyTLSForAuth, o.address = true, "127.0.0.2" }),
		},
		{
			name: "wrong password", server: with(withPassword, func(o *mailServerOptions) { o.implicitTLS = true }), scheme: "smtps", login: "mintkey:wrong-password@",
			fails: "535",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := startMailServer(t, row.server)
			config := notify.MailConfig{URL: row.scheme + "://" + row.login + net.JoinHostPort(server.host, server.port) + row.query, Records: s}
			if !row.untrust {
				config.RootCAs = server.roots
			}
			event := expiringEvent(key, 7)
			err := newMail(t, config).Deliver(t.Context(), event, event.At)
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
	addKey(t, s, "acme", "load", "ada", key)
	event := expiringEvent(key, 7)
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
			err := newMail(t, notify.MailConfig{URL: server.url(), Records: s}).Deliver(t.Context(), event, event.At)
			if err == nil || errors.Is(err, notify.ErrPermanent) != row.permanent || len(server.taken()) > 0 {
				t.Errorf("error %v, want one that is permanent: %v", err, row.permanent)
			}
		})
	}
}

// A mail server that accepts the connection and says nothing must not hold anybody up.
func TestMailToASilentServer(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "acme", "load", "ada", key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		cancel() // only now: the client waits for a greeting
		_, _ = io.Copy(io.Discard, connection)
	}()
	event := expiringEvent(key, 7)
	err = newMail(t, notify.MailConfig{URL: "smtp://" + listener.Addr().String(), Records: s}).Deliver(ctx, event, event.At)
	if err == nil || errors.Is(err, notify.ErrPermanent) {
		t.Errorf("error %v", err)
	}
}

// Once the server has said yes, its failure to say goodbye must not make a duplicate.
func TestMailThatIsAcceptedIsDone(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "acme", "load", "ada", key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	go rudeServer(listener)
	event := expiringEvent(key, 7)
	must(t, newMail(t, notify.MailConfig{URL: "smtp://" + listener.Addr().String(), Records: s}).Deliver(t.Context(), event, event.At))
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
