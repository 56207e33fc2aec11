package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	defaultURL     = "http://127.0.0.1:8080"
	defaultTimeout = 30 * time.Second
	defaultRetries = 3
	allowedSkew    = 30 * time.Second // a token lives for minutes, and the Date of an answer is in whole seconds
)

// serverFlags say how a command reaches a server.
type serverFlags struct {
	url, caCert string
	allowHTTP   bool
	retries     int
	timeout     time.Duration
}

func (f *serverFlags) add(c *cobra.Command) {
	flags := c.PersistentFlags()
	flags.StringVar(&f.url, "url", "", "the server (MINTKEY_URL; default "+defaultURL+")")
	flags.StringVar(&f.caCert, "ca-cert", "", "PEM file with the CAs to trust, instead of those of the system (MINTKEY_CA_CERT)")
	flags.BoolVar(&f.allowHTTP, "allow-http", false, "send secrets to another machine without TLS (MINTKEY_ALLOW_HTTP)")
	flags.IntVar(&f.retries, "retries", defaultRetries, "how often to try again when the server is away or busy")
	flags.DurationVar(&f.timeout, "timeout", defaultTimeout, "how long one request may take, with all its retries")
}

// connection is the way to a server: what it trusts, how often it tries and how long it waits. It is for one goroutine.
type connection struct {
	*program

	client    http.Client
	retries   int
	timeout   time.Duration
	defaulted bool // nobody named the server

	clockAhead time.Duration // of this machine, by the last answer
	toldClock  bool
}

// plainConnection trusts the system's CAs.
func (p *program) plainConnection() *connection {
	return &connection{
		program: p, retries: defaultRetries, timeout: defaultTimeout,
		// A redirect would send a secret or a token to another server.
		client: http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

func (p *program) newConnection(f *serverFlags) (*connection, error) {
	if f.retries < 0 {
		return nil, usagef("--retries is not negative")
	}
	if f.timeout <= 0 {
		return nil, usagef("--timeout is more than 0, such as 30s")
	}
	c := p.plainConnection()
	c.retries, c.timeout = f.retries, f.timeout
	file := cmp.Or(f.caCert, p.getenv("MINTKEY_CA_CERT"))
	if file == "" {
		return c, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("--ca-cert: %w", err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(text) {
		return nil, usagef("--ca-cert: %s has no certificate in PEM", file)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // as net/http says
	transport.TLSClientConfig = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	c.client.Transport = transport
	return c, nil
}

// checkServer refuses what is no URL of a server, and one to which a secret would go in clear over a network.
func (p *program) checkServer(text string, f *serverFlags) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usagef("%.60q is not the URL of a server, such as %s", text, defaultURL)
	}
	if u.User != nil {
		return usagef("the URL of the server has a user or a password in it: use --client-id and --client-secret-file")
	}
	if u.Scheme == "https" || isLoopback(u.Hostname()) || f.allowHTTP {
		return nil
	}
	if allowed, err := strconv.ParseBool(cmp.Or(p.getenv("MINTKEY_ALLOW_HTTP"), "false")); err != nil {
		return usagef("MINTKEY_ALLOW_HTTP is neither true nor false")
	} else if allowed {
		return nil
	}
	return usagef("%s is another machine and not https, so the secret would go over the network in clear: use https://, or "+
		"--allow-http (MINTKEY_ALLOW_HTTP=true) in a network that nobody else reads", text)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// sameServer ignores how a URL is written: a slash at its end, capitals in its host, and the port that goes without saying.
func sameServer(one, other string) bool {
	a, aErr := url.Parse(one)
	b, bErr := url.Parse(other)
	if aErr != nil || bErr != nil {
		return one == other
	}
	plain := func(u *url.URL) string {
		port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
		return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port) + strings.TrimRight(u.Path, "/")
	}
	return plain(a) == plain(b)
}

// userAgent names this program in a form that RFC 9110 section 10.1.5 allows.
func userAgent() string { return "mintkey/" + strings.Trim(thisBuild().Version, "()") }

// noteClock compares the clocks, and warns once: tokens seem expired, or not valid yet, to whoever has the wrong time.
func (c *connection) noteClock(header http.Header) {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.clockAhead = c.clock().Sub(at)
	if c.clockAhead.Abs() > allowedSkew && !c.toldClock {
		c.toldClock = true
		c.sayf("warning: %s\n", clocks(c.clockAhead))
	}
}

// clocks says in words how far the clock of this machine is ahead of the server's.
func clocks(ahead time.Duration) string {
	if ahead < 0 {
		return fmt.Sprintf("the clock of this machine is %v behind the server's", -ahead.Round(time.Second))
	}
	return fmt.Sprintf("the clock of this machine is %v ahead of the server's", ahead.Round(time.Second))
}
