package oauth

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"mintkey/server/web"
)

// serverMetadata is the document of RFC 8414 section 2, with the members that RFC 9728 section 4, draft-ietf-oauth-status-list-21 section
// 9.2 and, for OpenIDConfiguration, OpenID Connect discovery add.
type serverMetadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint,omitempty"`
	TokenEndpoint string `json:"token_endpoint"`
	JWKSURI       string `json:"jwks_uri"`
	// ScopesSupported has those of the catalogue. Those of the administration API are nobody's business who does not have them.
	ScopesSupported       []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	IntrospectAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RevokeAuthMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	// RevocationEvents is an extension: a stream of server-sent events.
	RevocationEvents      string   `json:"revocation_events_endpoint"`
	StatusLists           string   `json:"status_list_aggregation_endpoint"`
	ProtectedResources    []string `json:"protected_resources,omitempty"`
	SubjectTypes          []string `json:"subject_types_supported,omitempty"`
	IDTokenSigningMethods []string `json:"id_token_signing_alg_values_supported,omitempty"`
}

func (e *Endpoints) describe() serverMetadata {
	methods := []string{"client_secret_basic", "client_secret_post"}
	return serverMetadata{
		Issuer: e.Issuer, TokenEndpoint: e.Issuer + e.Paths.Token, JWKSURI: e.Issuer + e.Paths.JWKS,
		ScopesSupported:       e.Catalogue,
		ResponseTypes:         []string{}, // there is no authorization endpoint
		GrantTypes:            e.GrantTypes,
		TokenAuthMethods:      methods,
		IntrospectionEndpoint: e.Issuer + e.Paths.Introspect, IntrospectAuthMethods: methods,
		RevocationEndpoint: e.Issuer + e.Paths.Revoke, RevokeAuthMethods: methods,
		RevocationEvents:   e.Issuer + e.Paths.Revocations,
		StatusLists:        e.Issuer + e.Paths.StatusLists,
		ProtectedResources: slices.DeleteFunc(slices.Clone(e.APIs), func(audience string) bool { return !isResource(audience) }),
	}
}

// isResource reports whether an audience has the form of a protected resource's identifier (RFC 9728 section 1.2).
func isResource(audience string) bool {
	u, err := url.Parse(audience)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Fragment == ""
}

// Metadata is the document of RFC 8414.
func (e *Endpoints) Metadata(w http.ResponseWriter, r *web.Request) error {
	return serveJSON(w, r, &e.metadata, e.describe())
}

// OpenIDConfiguration is for clients that support discovery by OpenID Connect only. The server issues no ID tokens, and authorizes nobody
// in a browser; the extra members are there because such clients insist on them.
func (e *Endpoints) OpenIDConfiguration(w http.ResponseWriter, r *web.Request) error {
	document := e.describe()
	document.Authorization = e.Issuer + e.Paths.Authorize
	document.SubjectTypes = []string{"public"}
	for _, algorithm := range e.Algorithms {
		if name := string(algorithm); !slices.Contains(document.IDTokenSigningMethods, name) {
			document.IDTokenSigningMethods = append(document.IDTokenSigningMethods, name)
		}
	}
	return serveJSON(w, r, &e.discovery, document)
}

func serveJSON(w http.ResponseWriter, r *web.Request, kept *web.Kept, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	kept.Of("application/json", web.PublicCache, body).Serve(w, r.Request)
	return nil
}

// Authorize says that there is no authorization endpoint, at the address that OpenIDConfiguration has to name.
func (e *Endpoints) Authorize(http.ResponseWriter, *web.Request) error {
	return web.Refuse(web.ErrInvalidRequest, "This server authorizes nobody in a browser: programs get tokens at %s.", e.Paths.Token)
}

// JWKS publishes the public signing keys (RFC 7517 section 5).
func (e *Endpoints) JWKS(w http.ResponseWriter, r *web.Request) error {
	document, err := e.Ring.JWKS(r.At)
	if err != nil {
		return err
	}
	e.jwks.Of("application/jwk-set+json", web.PublicCache, document).Serve(w, r.Request)
	return nil
}
