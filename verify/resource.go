package verify

import (
	"encoding/json"
	"net/http"
)

// resourceMetadata is the document of RFC 9728 section 2.
type resourceMetadata struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	Scopes               []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

// Metadata serves this server's protected resource metadata (RFC 9728): that tokens of the issuer for Config.Audience open it, in the
// Authorization header, with which scopes. It needs no token, and pages of every origin may read it. Its place, which Config.MetadataURL
// names, is /.well-known/oauth-protected-resource between host and path of the audience, which has to be an https URL for that
// (section 3).
func (v *Verifier) Metadata(scopes ...string) http.Handler {
	document, err := json.Marshal(resourceMetadata{v.config.Audience, []string{v.config.Issuer}, scopes, []string{"header"}})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case err != nil:
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(document) // a client that hung up cannot be told more
	})
}
