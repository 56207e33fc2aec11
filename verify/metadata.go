package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// metadata is what is needed of the issuer's own description (RFC 8414 section 2).
type metadata struct {
	Issuer             string `json:"issuer"`
	JWKSURI            string `json:"jwks_uri"`
	TokenEndpoint      string `json:"token_endpoint"`
	RevocationEndpoint string `json:"revocation_events_endpoint"` // Mintkey's own; empty where the issuer does not push
}

// discover fetches and checks the metadata. The issuer in it must be the very same string (RFC 8414 section 3.3).
func discover(ctx context.Context, client *http.Client, issuer string) (metadata, error) {
	var found metadata
	address, err := metadataURL(issuer)
	if err != nil {
		return metadata{}, err
	}
	if err := fetchJSON(ctx, client, address, &found); err != nil {
		return metadata{}, err
	}
	if found.Issuer != issuer {
		return metadata{}, fmt.Errorf("the metadata at %s is of the issuer %q, not of %q", address, found.Issuer, issuer)
	}
	if found.JWKSURI == "" {
		return metadata{}, fmt.Errorf("the metadata at %s has no jwks_uri", address)
	}
	for _, endpoint := range []string{found.JWKSURI, found.TokenEndpoint, found.RevocationEndpoint} {
		if err := checkEndpoint(issuer, endpoint); err != nil {
			return metadata{}, err
		}
	}
	return found, nil
}

// metadataURL puts the well-known path between host and path of the issuer (RFC 8414 section 3.1).
func metadataURL(issuer string) (string, error) {
	address, err := url.Parse(issuer)
	if err != nil {
		return "", err
	}
	address.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(address.Path, "/")
	return address.String(), nil
}

// checkEndpoint refuses to leave TLS: what an https issuer serves over http anybody on the way can replace.
func checkEndpoint(issuer, endpoint string) error {
	if endpoint == "" {
		return nil
	}
	address, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return err
	case address.Scheme != "https" && (address.Scheme != "http" || strings.HasPrefix(issuer, "https:")), address.Host == "":
		return errors.New("the metadata has the endpoint " + endpoint + ", which is no URL as safe as the issuer's")
	}
	return nil
}
