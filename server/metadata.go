package server

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

func (s *Server) describe() serverMetadata {
	methods := []string{"client_secret_basic", "client_secret_post"}
	return serverMetadata{
		Issuer: s.issuer, TokenEndpoint: s.issuer + tokenPath, JWKSURI: s.issuer + jwksPath,
		ScopesSupported:       slices.Concat(s.catalogue, policy.AdministrationScopes()),
		ResponseTypes:         []string{}, // there is no authorization endpoint
		GrantTypes:            []string{grantClientCredentials, grantPassword},
		TokenAuthMethods:      methods,
		IntrospectionEndpoint: s.issuer + introspectPath, IntrospectAuthMethods: methods,
		RevocationEndpoint: s.issuer + revokePath, RevokeAuthMethods: methods,
		RevocationEvents: s.issuer + pushPath,
	}
}

func (s *Server) metadata(w http.ResponseWriter, _ *web.Request) error {
	w.Header().Set("Cache-Control", web.PublicCache)
	web.WriteJSON(w, http.StatusOK, s.describe())
	return nil
}

// openIDConfiguration answers clients that discover by OpenID Connect alone. There are no ID tokens here; the members are
// there because such clients insist on them.
func (s *Server) openIDConfiguration(w http.ResponseWriter, _ *web.Request) error {
	document := s.describe()
	document.SubjectTypes = []string{"public"}
	for _, audience := range s.audiences {
		if name := string(audience.Algorithm); !slices.Contains(document.IDTokenSigningMethods, name) {
			document.IDTokenSigningMethods = append(document.IDTokenSigningMethods, name)
		}
	}
	w.Header().Set("Cache-Control", web.PublicCache)
	web.WriteJSON(w, http.StatusOK, document)
	return nil
}

// jwks publishes the public signing keys (RFC 7517 section 5).
func (s *Server) jwks(w http.ResponseWriter, r *web.Request) error {
	document, err := s.ring.JWKS(r.At)
	if err != nil {
		return err
	}
	web.ServeDocument(w, r.Request, "application/jwk-set+json", web.PublicCache, document)
	return nil
}
