package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"
)

// tlsConfig is nil for plain http.
func (h *host) tlsConfig(ctx context.Context) (*tls.Config, error) {
	if h.config.TLS.Cert == "" {
		return nil, nil //nolint:nilnil // the zero of http.Server.TLSConfig
	}
	realTime := func() time.Time { return h.now().Add(-h.offset) }
	loaded, err := loadCertificate(ctx, h.config.TLS, h.log, realTime)
	if err != nil {
		return nil, err
	}
	if err := h.checkTLSKey(); err != nil {
		return nil, err
	}
	h.certificate = loaded
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: loaded.forHandshake}, nil
}

// warnOfClearIssuer warns of an issuer that is another machine's for its clients, and not https.
func (h *host) warnOfClearIssuer(ctx context.Context) {
	issuer, err := url.Parse(h.issuer())
	if err != nil || issuer.Scheme != "http" || isLoopback(issuer.Hostname()) {
		return
	}
	h.log.WarnContext(ctx, "issuer is not https: client secrets, tokens and passwords go over the network in clear; "+
		"set tls.cert and tls.key, or let a proxy do it", slog.String("issuer", h.issuer()))
	h.warnings = append(h.warnings, "issuer: not https, so client secrets, tokens and passwords go over the network in clear")
}

// checkTLSKey refuses a tls.key that other users of the machine can read or replace where store_strict is set. Elsewhere warnOfOpenSecrets
// warns of it: orchestrators mount secrets that way.
func (h *host) checkTLSKey() error {
	about, err := os.Stat(h.config.TLS.Key)
	if err != nil {
		return fmt.Errorf("tls.key: %w", err)
	}
	if mode := about.Mode().Perm(); mode&keyOpenToOthers != 0 && h.config.StoreStrict {
		return fmt.Errorf("store_strict is set and tls.key is open to others (mode %04o): chmod 600 %s", mode, h.config.TLS.Key)
	}
	return nil
}
