package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/wneessen/go-mail"
)

// relay is the mail server that takes our messages.
type relay struct {
	host, port     string
	user, password string
	implicitTLS    bool // smtps; else STARTTLS
	requireTLS     bool
	roots          *x509.CertPool // nil for those of the system
}

// errRelayURL does not repeat the URL, which has a password in it.
var errRelayURL = errors.New("the SMTP URL must be smtp://user:password@host:587, with ?tls=required to insist on STARTTLS, " +
	"or smtps://user:password@host:465")

// newRelay reads smtp://user:password@host:587 or smtps://user:password@host:465; user and port can be left out.
func newRelay(text string, roots *x509.CertPool) (relay, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Path != "" || u.Fragment != "" {
		return relay{}, errRelayURL
	}
	r := relay{host: u.Hostname(), port: u.Port(), user: u.User.Username(), roots: roots}
	r.password, _ = u.User.Password()
	defaultPort := "587"
	switch {
	case u.Scheme == "smtps" && u.RawQuery == "":
		r.implicitTLS, defaultPort = true, "465"
	case u.Scheme == "smtp" && u.RawQuery == "tls=required":
		r.requireTLS = true
	case u.Scheme == "smtp" && u.RawQuery == "":
		r.requireTLS = r.user != "" && !r.loopback() // a password is never sent in clear
	default:
		return relay{}, errRelayURL
	}
	if r.port == "" {
		r.port = defaultPort
	}
	return r, nil
}

// loopback compares with the names by which go-mail, too, recognizes this machine.
func (r relay) loopback() bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, r.host)
}

// send hands the message over. It returns nil as soon as the server has taken responsibility for it, whatever happens then: an
// error would make a duplicate. ascii says that every mail server takes the recipient's address.
func (r relay) send(ctx context.Context, message *mail.Msg, ascii bool) error {
	var connection net.Conn
	options := []mail.Option{
		mail.WithTimeout(deliverTimeout),
		mail.WithTLSConfig(r.tlsConfig()),
		mail.WithTLSPolicy(mail.TLSOpportunistic),
		mail.WithDialContextFunc(func(dialing context.Context, network, _ string) (_ net.Conn, err error) {
			connection, err = r.dial(dialing, network)
			return connection, err
		}),
	}
	if r.requireTLS {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if r.user != "" {
		options = append(options, mail.WithUsername(r.user), mail.WithPassword(r.password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	client, err := mail.NewClient(r.host, options...)
	if err != nil {
		return err
	}
	// The library knows time-outs but no context after dialling, and forgets the connection when a handshake fails.
	hangUp := func() {
		if connection != nil {
			_ = connection.Close()
		}
	}
	defer hangUp()
	defer context.AfterFunc(ctx, hangUp)()
	err = handOver(ctx, client, message, ascii)
	if err == nil || message.IsDelivered() {
		return nil
	}
	return judge(err)
}

// errNoSMTPUTF8 gives a recipient up whom this mail server cannot reach. Without the extension such an address must not be sent to it
// (RFC 6531 section 3.1).
var errNoSMTPUTF8 = fmt.Errorf("%w: the mail server takes no addresses with letters outside ASCII before the @ (SMTPUTF8)", ErrPermanent)

func handOver(ctx context.Context, client *mail.Client, message *mail.Msg, ascii bool) error {
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.CloseWithSMTPClient(session) }() // what it has taken it has taken
	if can, _ := session.Extension("SMTPUTF8"); !ascii && !can {
		return errNoSMTPUTF8
	}
	return client.SendWithSMTPClient(session, message)
}

func (r relay) dial(ctx context.Context, network string) (net.Conn, error) {
	address := net.JoinHostPort(r.host, r.port)
	if r.implicitTLS {
		dialer := tls.Dialer{Config: r.tlsConfig()}
		return dialer.DialContext(ctx, network, address)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}

// tlsConfig verifies the server's certificate wherever TLS is required. Where the message would otherwise go in clear, a certificate that
// can't be verified, as mail servers on the same machine often have, is still better than that (RFC 7435).
func (r relay) tlsConfig() *tls.Config {
	must := r.implicitTLS || r.requireTLS
	config := &tls.Config{ServerName: r.host, MinVersion: tls.VersionTLS12, RootCAs: r.roots}
	config.InsecureSkipVerify = !must
	return config
}

// judge marks as permanent a refusal of this recipient or this message. A refusal of our server (a wrong password, an unwelcome sender)
// is for the operator to fix, and the message waits for that.
func judge(err error) error {
	var refused *mail.SendError
	if !errors.As(err, &refused) || refused.ErrorCode() < 500 {
		return err
	}
	switch refused.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	default:
		return err
	}
}
