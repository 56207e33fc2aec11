package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"mintkey/configs"
)

// storeTLS is nil when nothing is set. It reads all files once, so that a mistake stops the start.
func storeTLS(files configs.StoreTLS) (*tls.Config, error) {
	if files == (configs.StoreTLS{}) {
		return nil, nil //nolint:nilnil // the defaults of redisstore
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if files.CA != "" {
		text, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("store_tls.ca: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("store_tls.ca: %s has no certificate in PEM", files.CA)
		}
	}
	if files.Cert == "" {
		return secure, nil
	}
	// Client certificates are often replaced every few days or hours, while the server runs.
	secure.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		certificate, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, fmt.Errorf("store_tls.cert, store_tls.key: %w", err)
		}
		return &certificate, nil
	}
	_, err := secure.GetClientCertificate(nil)
	return secure, err
}
