package configs

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

const boltScheme = "bolt"

// BoltPath is the path of the store's file, or false if the store is not a bolt store.
func (c Config) BoltPath() (string, bool) {
	return strings.CutPrefix(c.Store.Reveal(), boltScheme+"://")
}

// StoreKind is the scheme of the store's URL, fit to be logged.
func (c Config) StoreKind() string {
	scheme, _, _ := strings.Cut(c.Store.Reveal(), "://")
	return scheme
}

// IssuerAt is the issuer of a server that listens at the address: the configured one, or else a URL made of the address. An address that
// stands for every interface becomes the loopback address, which is right on this machine only: see IssuerIsGuess.
func (c Config) IssuerAt(address string) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(address)
	if everyInterface(host) {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// IssuerIsGuess says that clients on other machines cannot reach the server at its issuer.
func (c Config) IssuerIsGuess() bool {
	host, _, _ := net.SplitHostPort(c.Listen)
	return c.Issuer == "" && everyInterface(host)
}

func everyInterface(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// DisplayName is the name of the provider for people.
func (o OIDC) DisplayName() string {
	if o.Name != "" {
		return o.Name
	}
	u, err := url.Parse(o.Issuer)
	if err != nil {
		return o.Issuer
	}
	return u.Host
}

// APIAudiences are the configured audiences of tokens, the default first, without the issuer, which is one always. None: the issuer serves
// for the APIs too.
func (c Config) APIAudiences(issuer string) []string {
	return slices.DeleteFunc(slices.Clone(c.Tokens.Audiences), func(audience string) bool { return audience == issuer })
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
