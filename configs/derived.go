package configs

import (
	"net"
	"strings"
)

const boltScheme = "bolt"

// BoltPath is the path of the store's file; false when the store is not a bolt one.
func (c Config) BoltPath() (string, bool) {
	return strings.CutPrefix(c.Store.Reveal(), boltScheme+"://")
}

// StoreKind is the scheme of the store's URL, fit to be logged.
func (c Config) StoreKind() string {
	scheme, _, _ := strings.Cut(c.Store.Reveal(), "://")
	return scheme
}

// IssuerAt is the issuer of a server that listens at the address: the configured one, or else a URL of the address. An address that
// stands for every interface becomes the loopback one, which is right for a first try only.
func (c Config) IssuerAt(address net.Addr) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	host := address.String()
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort("127.0.0.1", port)
	}
	return scheme + "://" + host
}

// AudiencesOf are the audiences that tokens of the issuer can be for, the default first.
func (c Config) AudiencesOf(issuer string) []string {
	if len(c.Tokens.Audiences) == 0 {
		return []string{issuer}
	}
	return c.Tokens.Audiences
}

// AlgorithmFor is the signature algorithm of an audience's tokens.
func (c Config) AlgorithmFor(audience string) string {
	for _, entry := range c.Tokens.AudienceAlgorithms {
		if name, algorithm, _ := cutLast(entry, "="); name == audience {
			return algorithm
		}
	}
	return c.Tokens.Algorithm
}
