package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"mintkey/policy"
)

// hintedError is an error with what may be its cause, for people.
type hintedError struct {
	err   error
	hints []string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// withHints adds hints to an error; empty ones are left out.
func withHints(err error, hints ...string) error {
	var some []string
	for _, hint := range hints {
		if hint != "" {
			some = append(some, hint)
		}
	}
	if err == nil || some == nil {
		return err
	}
	return &hintedError{err, some}
}

// sayHints prints the hints of an error.
func (p *program) sayHints(err error) {
	hinted, ok := errors.AsType[*hintedError](err)
	if !ok {
		return
	}
	for _, hint := range hinted.hints {
		p.sayf("hint: %s\n", hint)
	}
	p.sayHints(hinted.err)
}

// unreached makes an error of a request that got no answer. It is nil if there was one.
func (c *connection) unreached(request *http.Request, err error) error {
	server := request.URL.Scheme + "://" + request.URL.Host
	switch {
	case err == nil:
		return nil
	case request.Context().Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		err = &codedError{exitNetwork, fmt.Errorf("no answer from %s within %v (--timeout)", server, c.timeout)}
	default:
		err = &codedError{exitNetwork, fmt.Errorf("cannot reach %s: %w", server, withoutURL(err))}
	}
	return withHints(err, networkHint(err), c.urlHint())
}

func (c *connection) urlHint() string {
	if !c.defaulted {
		return ""
	}
	return "MINTKEY_URL is not set, so " + defaultURL + " was used"
}

func isTLSFailure(err error) bool {
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return record || verification || alert || errors.Is(err, http.ErrSchemeMismatch)
}

func networkHint(err error) string {
	unknown, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	name, isName := errors.AsType[*net.DNSError](err)
	switch {
	case isUnknown && unknown.Cert != nil:
		return "if the server's certificate is from a CA of your own, give that CA's certificate by --ca-cert or MINTKEY_CA_CERT"
	case isInvalid && invalid.Reason == x509.Expired:
		return "the server's certificate has expired, or the clock of this machine is wrong"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks http there, not https"
	case isName && name.IsNotFound:
		return "is the name of the server right?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is the server up, and is that its port?"
	default:
		return ""
	}
}

// notMintkey is the error for an answer that no Mintkey server gives.
func notMintkey(got answer) error {
	err := fmt.Errorf("the server answered %d %s; is this the URL of a Mintkey server?", got.status, http.StatusText(got.status))
	if triesAgain(got.status) {
		return &codedError{exitNetwork, fmt.Errorf("the server, or a proxy before it, answered %d %s", got.status, http.StatusText(got.status))}
	}
	if got.status == http.StatusBadRequest && strings.Contains(string(got.body), "HTTP request to an HTTPS server") {
		return withHints(err, "the server speaks https there, not http")
	}
	if location := got.header.Get("Location"); location != "" {
		return withHints(err, fmt.Sprintf("it sends on to %.200q, and a secret goes only where you say: is that its URL?", location))
	}
	return err
}

// authenticationHints say why the access key may be refused. The server does not: it must not help to guess.
func (a access) authenticationHints(err error) error {
	if !isRefusal(err, "invalid_client") {
		return err
	}
	where := ""
	if a.source != "" {
		where = " (from " + a.source + ")"
	}
	text := a.secret.Reveal()
	switch {
	case strings.HasPrefix(text, policy.SecretPrefix) && !a.secret.WellFormed():
		return withHints(err, "the client secret"+where+" is cut off or mistyped: its checksum does not match", a.via.urlHint())
	case !a.secret.WellFormed():
		return withHints(err, "the client secret"+where+" is none of Mintkey: those begin with "+policy.SecretPrefix, a.via.urlHint())
	default:
		return withHints(err, "the client secret"+where+" has no typing error. The access key may be expired, revoked or suspended, "+
			"have a newer secret, not be allowed from this machine's network, or be one of another server than "+a.url+
			": its owner and their admins see which", a.via.urlHint())
	}
}
