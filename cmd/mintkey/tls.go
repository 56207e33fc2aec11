package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
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
	if err := h.checkTLSKey(ctx); err != nil {
		return nil, err
	}
	h.certificate = loaded
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: loaded.forHandshake}, nil
}

// checkTLSKey warns of a tls.key that other users of the machine can read or replace, and refuses it only where store_strict is set:
// orchestrators mount secrets that way.
func (h *host) checkTLSKey(ctx context.Context) error {
	about, err := os.Stat(h.config.TLS.Key)
	if err != nil {
		return fmt.Errorf("tls.key: %w", err)
	}
	mode := about.Mode().Perm()
	if mode&0o066 == 0 {
		return nil
	}
	if h.config.StoreStrict {
		return fmt.Errorf("store_strict is set and tls.key is open to others (mode %04o): chmod 600 %s", mode, h.config.TLS.Key)
	}
	h.log.WarnContext(ctx, "tls.key is open to others", slog.String("path", h.config.TLS.Key),
		slog.String("mode", fmt.Sprintf("%04o", mode)))
	h.warnings = append(h.warnings, fmt.Sprintf("tls.key: open to others (mode %04o)", mode))
	return nil
}
