package server

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"slices"

	"mintkey/policy"
)

// Gateways may keep these documents for five minutes; a signing key is published for ten before it signs.
const publicCache = "public, max-age=300"

//go:embed openapi.json
var openAPIDocument []byte

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

func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", publicCache)
	writeJSON(w, http.StatusOK, s.describe())
}

// openIDConfiguration answers clients that discover by OpenID Connect alone. There are no ID tokens here; the members are
// there because such clients insist on them.
func (s *Server) openIDConfiguration(w http.ResponseWriter, _ *http.Request) {
	document := s.describe()
	document.SubjectTypes = []string{"public"}
	for _, audience := range s.audiences {
		if name := string(audience.Algorithm); !slices.Contains(document.IDTokenSigningMethods, name) {
			document.IDTokenSigningMethods = append(document.IDTokenSigningMethods, name)
		}
	}
	w.Header().Set("Cache-Control", publicCache)
	writeJSON(w, http.StatusOK, document)
}

// jwks publishes the public signing keys (RFC 7517 section 5).
func (s *Server) jwks(w http.ResponseWriter, r *http.Request) {
	document, err := s.ring.JWKS(aboutRequest(r.Context()).At)
	if err != nil {
		s.writeOAuthError(w, r, err)
		return
	}
	serveDocument(w, r, "application/jwk-set+json", publicCache, document)
}

func (s *Server) openAPI(w http.ResponseWriter, r *http.Request) {
	serveDocument(w, r, "application/json", publicCache, openAPIDocument)
}

// serveDocument answers with an ETag, so that a gateway that polls costs nothing.
func serveDocument(w http.ResponseWriter, r *http.Request, mediaType, cache string, document []byte) {
	sum := sha256.Sum256(document)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", cache)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(document)
}
