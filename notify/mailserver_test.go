package notify_test

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server that keeps what it has taken responsibility for.
type mailServer struct {
	host, port string
	roots      *x509.CertPool
	server     *smtp.Server

	mu       sync.Mutex
	received []received
	sessions []session
	// judge, if set, decides about each message at the end of its data; errHangUp closes the connection instead of answering.
	judge func(received) error
	// refuseRcpt, if set, decides about each recipient.
	refuseRcpt func(to string) error
}

var errHangUp = errors.New("hang up")

type received struct {
	from string
	to   []string
	raw  []byte
}

func (r received) message(t testing.TB) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(r.raw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// session is how a client came in.
type session struct {
	tls  bool
	user string
}

type mailServerOptions struct {
	implicitTLS, startTLS bool
	user, password        string // empty: no AUTH is offered
	mechanism             string // PLAIN if empty
	anyTLSForAuth         bool   // offers AUTH without TLS too
	onlyASCII             bool   // no SMTPUTF8
	address               string // to listen at; 127.0.0.1 if empty
}

func startMailServer(t testing.TB, options mailServerOptions) *mailServer {
	t.Helper()
	s := &mailServer{}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, isTLS := c.TLSConnectionState()
		return &mailSession{server: s, conn: c, options: options, session: session{tls: isTLS}}, nil
	}))
	s.server.Domain = "localhost"
	s.server.AllowInsecureAuth = options.anyTLSForAuth
	s.server.EnableSMTPUTF8 = !options.onlyASCII
	s.server.ErrorLog = discardLog{}
	var certificate tls.Certificate
	certificate, s.roots = makeCertificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if options.startTLS {
		s.server.TLSConfig = config
	}
	listener, err := net.Listen("tcp", cmp.Or(options.address, "127.0.0.1")+":0")
	if err != nil {
		t.Fatal(err)
	}
	s.host, s.port, _ = net.SplitHostPort(listener.Addr().String())
	if options.implicitTLS {
		listener = tls.NewListener(listener, config)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = s.server.Close()
		<-done
	})
	return s
}

func (s *mailServer) url() string { return "smtp://" + net.JoinHostPort(s.host, s.port) }

// taken returns what has arrived so far.
func (s *mailServer) taken() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received{}, s.received...)
}

func (s *mailServer) only(t testing.TB) received {
	t.Helper()
	taken := s.taken()
	if len(taken) != 1 {
		t.Fatalf("%d messages arrived, want 1", len(taken))
	}
	return taken[0]
}

type mailSession struct {
	server  *mailServer
	conn    *smtp.Conn
	options mailServerOptions
	session session
	current received
}

func (s *mailSession) AuthMechanisms() []string {
	if s.options.user == "" {
		return nil
	}
	if s.options.mechanism != "" {
		return []string{s.options.mechanism}
	}
	return []string{sasl.Plain}
}

func (s *mailSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != s.options.user || password != s.options.password {
			return smtp.ErrAuthFailed
		}
		_, s.session.tls = s.conn.TLSConnectionState()
		s.session.user = user
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.options.user != "" && s.session.user == "" {
		return smtp.ErrAuthRequired
	}
	_, s.session.tls = s.conn.TLSConnectionState()
	s.current = received{from: from}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.refuseRcpt != nil {
		if err := s.server.refuseRcpt(to); err != nil {
			return err
		}
	}
	s.current.to = append(s.current.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) (err error) {
	if s.current.raw, err = io.ReadAll(r); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.judge != nil {
		if err := s.server.judge(s.current); errors.Is(err, errHangUp) {
			return s.conn.Conn().Close()
		} else if err != nil {
			return err
		}
	}
	s.server.received = append(s.server.received, s.current)
	s.server.sessions = append(s.server.sessions, s.session)
	return nil
}

func (s *mailSession) Reset()        { s.current = received{} }
func (s *mailSession) Logout() error { return nil }

// loginServer is the server's side of AUTH LOGIN.
type loginServer struct {
	check func(user, password string) error
	user  *string
	asked bool
}

func (s *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	text := string(response)
	switch {
	case !s.asked:
		s.asked = true
		return []byte("Username:"), false, nil
	case s.user == nil:
		s.user = &text
		return []byte("Password:"), false, nil
	default:
		return nil, true, s.check(*s.user, text)
	}
}

type discardLog struct{}

func (discardLog) Printf(string, ...any) {}
func (discardLog) Println(...any)        {}

// makeCertificate makes a certificate for 127.0.0.1 and localhost that vouches for itself.
func makeCertificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
