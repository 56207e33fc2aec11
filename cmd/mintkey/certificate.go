package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"mintkey/configs"
)

const (
	lookAtCertificateEvery = 2 * time.Second
	certificateEndsSoon    = 14 * 24 * time.Hour
	warnOfCertificateEvery = 24 * time.Hour
)

// certificate is the TLS certificate of the server. It is read again when its files change: their content is compared rather than their
// time or their folder watched, which works on every file system and when a link is swapped, as Kubernetes does. Its methods may be called
// from many goroutines.
type certificate struct {
	files configs.TLS
	log   *slog.Logger
	now   func() time.Time // the real time

	mu      sync.Mutex
	current *tls.Certificate
	seen    [sha256.Size]byte // digest of what was tried last
	broken  error             // why current is not what the files hold
	warned  time.Time         // when the log last said that it expires soon
}

// loadCertificate fails when the files hold no valid pair.
func loadCertificate(ctx context.Context, files configs.TLS, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{files: files, log: log, now: now}
	var err error
	if c.current, c.seen, err = c.read(); err != nil {
		return nil, err
	}
	c.warnBeforeExpiry(ctx)
	return c, nil
}

// read returns the pair in the files, and a digest that changes with them.
func (c *certificate) read() (*tls.Certificate, [sha256.Size]byte, error) {
	certText, certErr := os.ReadFile(c.files.Cert)
	keyText, keyErr := os.ReadFile(c.files.Key)
	err := errors.Join(certErr, keyErr)
	digest := sha256.New()
	_, _ = fmt.Fprintf(digest, "%d %v\n", len(certText), err)
	_, _ = digest.Write(certText)
	_, _ = digest.Write(keyText)
	sum := [sha256.Size]byte(digest.Sum(nil))
	if err != nil {
		return nil, sum, fmt.Errorf("tls.cert, tls.key: %w", err)
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, sum, fmt.Errorf("tls.cert, tls.key: %s, %s: %w", c.files.Cert, c.files.Key, err)
	}
	return &pair, sum, nil
}

// reload reads the files. A pair that can't be used leaves the old one in place, and is logged once, or whenever asked is true.
func (c *certificate) reload(ctx context.Context, asked bool) {
	pair, sum, err := c.read()
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := sum != c.seen
	if c.seen = sum; !changed && !asked {
		return
	}
	if c.broken = err; err != nil {
		c.log.ErrorContext(ctx, "certificate not loaded; keeping the old one", slog.Any("error", err),
			slog.Time("expires", c.current.Leaf.NotAfter))
		return
	}
	c.current, c.warned = pair, time.Time{}
	c.log.InfoContext(ctx, "certificate loaded", slog.Time("expires", pair.Leaf.NotAfter))
}

func (c *certificate) warnBeforeExpiry(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, expires := c.now(), c.current.Leaf.NotAfter
	if expires.Sub(now) > certificateEndsSoon || now.Sub(c.warned) < warnOfCertificateEvery {
		return
	}
	c.warned = now
	c.log.WarnContext(ctx, "certificate expires soon", slog.Time("expires", expires), slog.String("path", c.files.Cert))
}

func (c *certificate) forHandshake(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, nil
}

// Expires returns when the certificate in use ends.
func (c *certificate) Expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current.Leaf.NotAfter
}

// Warnings are for /readyz?verbose.
func (c *certificate) Warnings() (warnings []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		warnings = append(warnings, "the old certificate is used: "+c.broken.Error())
	}
	if expires := c.current.Leaf.NotAfter; expires.Sub(c.now()) <= certificateEndsSoon {
		warnings = append(warnings, "tls.cert: expires at "+expires.UTC().Format(time.RFC3339))
	}
	return warnings
}
