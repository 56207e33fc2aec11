package oauth

import (
	"net/http"
	"slices"

	"mintkey/policy"
	"mintkey/server/web"
)

// serverMetadata is the document of RFC 8414 section 2, with the two members that OpenID Connect discovery adds.
type serverMetadata struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
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
	SubjectTypes          []string `json:"subject_types_supported,omitempty"`
	IDTokenSigningMethods []string `json:"id_token_signing_alg_values_supported,omitempty"`
}

func (e *Endpoints) describe() serverMetadata {
	methods := []string{"client_secret_basic", "client_secret_post"}
	return serverMetadata{
		Issuer: e.Issuer, TokenEndpoint: e.Issuer + e.Paths.Token, JWKSURI: e.Issuer + e.Paths.JWKS,
		ScopesSupported:       slices.Concat(e.Catalogue, policy.AdministrationScopes()),
		ResponseTypes:         []string{}, // there is no authorization endpoint
		GrantTypes:            e.GrantTypes,
		TokenAuthMethods:      methods,
		IntrospectionEndpoint: e.Issuer + e.Paths.Introspect, IntrospectAuthMethods: methods,
		RevocationEndpoint: e.Issuer + e.Paths.Revoke, RevokeAuthMethods: methods,
		RevocationEvents: e.Issuer + e.Paths.Revocations,
	}
}

// Metadata is the document of RFC 8414.
func (e *Endpoints) Metadata(w http.ResponseWriter, _ *web.Request) error {
	w.Header().Set("Cache-Control", web.PublicCache)
	web.WriteJSON(w, http.StatusOK, e.describe())
	return nil
}

// OpenIDConfiguration is for clients that support discovery by OpenID Connect only. The server issues no ID tokens; the extra
// members are there because such clients insist on them.
func (e *Endpoints) OpenIDConfiguration(w http.ResponseWriter, _ *web.Request) error {
	document := e.describe()
	document.SubjectTypes = []string{"public"}
	for _, algorithm := range e.Algorithms {
		if name := string(algorithm); !slices.Contains(document.IDTokenSigningMethods, name) {
			document.IDTokenSigningMethods = append(document.IDTokenSigningMethods, name)
		}
	}
	w.Header().Set("Cache-Control", web.PublicCache)
	web.WriteJSON(w, http.StatusOK, document)
	return nil
}

// JWKS publishes the public signing keys (RFC 7517 section 5).
func (e *Endpoints) JWKS(w http.ResponseWriter, r *web.Request) error {
	document, err := e.Ring.JWKS(r.At)
	if err != nil {
		return err
	}
	web.ServeDocument(w, r.Request, "application/jwk-set+json", web.PublicCache, document)
	return nil
}
