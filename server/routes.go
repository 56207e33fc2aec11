package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"mintkey/policy"
	"mintkey/store"
)

const (
	tokenPath      = "/oauth2/token"
	introspectPath = "/oauth2/introspect"
	revokePath     = "/oauth2/revoke"
	jwksPath       = "/.well-known/jwks.json"
	openAPIPath    = "/openapi.json"
)

// methods maps each method that a path knows to its handler.
type methods map[string]http.HandlerFunc

// errorWriter renders an error in the form of the API that the path belongs to.
type errorWriter func(http.ResponseWriter, *http.Request, error)

// routes is the whole URL surface.
func (s *Server) routes() http.Handler {
	router := mux.NewRouter().SkipClean(true) // an unclean path is a 404, not a redirect that would drop the body
	router.NotFoundHandler = http.HandlerFunc(s.notFound)
	get := func(h http.HandlerFunc) methods { return methods{http.MethodGet: h} }
	post := func(h http.HandlerFunc) methods { return methods{http.MethodPost: h} }

	oauth := s.pathsOf(router, s.writeOAuthError)
	oauth(tokenPath, post(s.token))
	oauth(introspectPath, post(s.introspect))
	oauth(revokePath, post(s.revoke))
	oauth("/oauth2/forward-auth", get(s.forwardAuth))
	oauth(statusListPath+"{n}", get(s.statusList))
	oauth(pushPath, get(s.push))
	oauth("/.well-known/oauth-authorization-server", get(s.metadata))
	oauth("/.well-known/openid-configuration", get(s.openIDConfiguration))
	oauth(jwksPath, get(s.jwks))

	compat := s.pathsOf(router, s.writeCompatError)
	compat("/v1/auth-client", post(s.compatAuthClient))
	compat("/v1/auth", post(s.compatAuth))

	admin := s.pathsOf(router, s.writeProblem)
	admin(openAPIPath, get(s.openAPI))
	admin("/admin/v1/accounts", methods{
		http.MethodGet:  s.admin(policy.ScopesThatSeeTenants(), s.listAccounts),
		http.MethodPost: s.admin(policy.ScopeAccountsWrite, s.createAccount),
	})
	admin("/admin/v1/accounts/{account}", get(s.admin(policy.ScopesThatSeeTenants(), s.getAccount)))
	admin("/admin/v1/accounts/{account}/expiration-policy", methods{
		http.MethodGet: s.admin(policy.ScopePolicyRead, s.getPolicy),
		http.MethodPut: s.admin(policy.ScopePolicyWrite, s.putPolicy),
	})
	admin("/admin/v1/accounts/{account}/tenants", methods{
		http.MethodGet:  s.admin(policy.ScopesThatSeeTenants(), s.listTenants),
		http.MethodPost: s.admin(policy.ScopeTenantsWrite, s.createTenant),
	})
	admin("/admin/v1/accounts/{account}/users", methods{
		http.MethodGet:  s.admin(policy.ScopeUsersWrite, s.listUsers),
		http.MethodPost: s.admin(policy.ScopeUsersWrite, s.createUser),
	})
	admin("/admin/v1/accounts/{account}/users/{user}", methods{
		http.MethodGet:    s.admin(policy.ScopeUsersWrite, s.getUser),
		http.MethodPatch:  s.admin(policy.ScopeUsersWrite, s.patchUser),
		http.MethodDelete: s.admin(policy.ScopeUsersWrite, s.deleteUser),
	})
	admin("/admin/v1/accounts/{account}/audit", get(s.admin(policy.ScopeAuditRead, s.listEvents)))
	admin("/admin/v1/accounts/{account}/calendar", get(s.admin(policy.ScopePolicyRead, s.calendar)))
	admin("/admin/v1/tenants/{tenant}", get(s.admin(policy.ScopesThatSeeTenants(), s.getTenant)))
	admin("/admin/v1/tenants/{tenant}/members", get(s.admin(policy.ScopesThatSeeMembers(), s.listMembers)))
	admin("/admin/v1/tenants/{tenant}/members/{user}", methods{
		http.MethodPut:    s.admin(policy.ScopeUsersWrite, s.putMember),
		http.MethodDelete: s.admin(policy.ScopeUsersWrite, s.deleteMember),
	})
	admin("/admin/v1/tenants/{tenant}/password-logins", get(s.admin(policy.ScopeUsersWrite+" "+policy.ScopeKeysRead, s.listPasswordLogins)))
	admin("/admin/v1/tenants/{tenant}/keys", methods{
		http.MethodGet:  s.admin(policy.ScopeKeysRead, s.listKeys),
		http.MethodPost: s.admin(policy.ScopeKeysWrite, s.createKey),
	})
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}", methods{
		http.MethodGet:    s.admin(policy.ScopeKeysRead, s.getKey),
		http.MethodDelete: s.admin(policy.ScopeKeysWrite, s.revokeKey),
	})
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/expiry", get(s.admin(policy.ScopeKeysRead, s.getExpiry)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/refresh", post(s.admin(policy.ScopeKeysWrite, s.refreshKey)))
	admin("/admin/v1/signing-keys", get(s.admin(policy.ScopeTokensIntrospect+" "+policy.ScopeAccountsWrite, s.listSigningKeys)))
	admin("/admin/v1/signing-keys/rotate", post(s.admin(policy.ScopeAccountsWrite, s.rotateSigningKeys)))
	admin("/me/v1/keys", get(s.admin(policy.ScopeSelf, s.listOwnKeys)))
	admin("/me/v1/keys/{client_id}/refresh", post(s.admin(policy.ScopeSelf, s.refreshOwnKey)))

	router.Handle("/", http.RedirectHandler(consolePath, http.StatusSeeOther)).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc(consolePath, s.pages)
	router.PathPrefix(consolePath + "/").HandlerFunc(s.pages)
	return router
}

// pathsOf returns a function that adds a path. It answers 405 with Allow itself, in the form of its API: mux
// would send no Allow and skip all that surrounds the handler.
func (s *Server) pathsOf(router *mux.Router, writeError errorWriter) func(path string, known methods) {
	return func(path string, known methods) {
		allowed := slices.Sorted(maps.Keys(known))
		if _, ok := known[http.MethodGet]; ok {
			known[http.MethodHead] = known[http.MethodGet]
			allowed = append(allowed, http.MethodHead)
		}
		router.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			aboutRequest(r.Context()).Route = path
			handler, ok := known[r.Method]
			if !ok {
				w.Header().Set("Allow", strings.Join(allowed, ", "))
				writeError(w, r, refuse(errMethodNotAllowed, "%s is not allowed here; allowed: %s", r.Method, strings.Join(allowed, ", ")))
				return
			}
			handler(w, r)
		})
	}
}

// pathValue is a part of the path that its template names.
func pathValue(r *http.Request, name string) string { return mux.Vars(r)[name] }

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.writeProblem(w, r, store.ErrNotFound)
}
