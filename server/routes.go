package server

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"mintkey/policy"
	"mintkey/server/adminapi"
	"mintkey/server/admission"
	"mintkey/server/door"
	"mintkey/server/web"
	"mintkey/store"
)

const (
	tokenPath       = "/oauth2/token"
	authorizePath   = "/oauth2/authorize"
	introspectPath  = "/oauth2/introspect"
	revokePath      = "/oauth2/revoke"
	revocationsPath = "/oauth2/revocations"
	statusListPath  = "/oauth2/status-lists/"
	wellKnown       = "/.well-known/"
	jwksPath        = wellKnown + "jwks.json"
	openAPIPath     = "/openapi.json"
	consolePath     = "/console"
)

// Handler serves everything that users, programs and gateways see.
func (s *Server) Handler() http.Handler {
	return s.observe(s.router(s.allRoutes()...))
}

func (s *Server) allRoutes() []func(*surface) {
	return []func(*surface){s.oauthRoutes, s.compatRoutes, s.selfRoutes, s.adminRoutes, s.consoleRoutes}
}

// PublicHandler serves everything but the administration API and the console, for a listener that strangers reach while Handler is on
// another one.
func (s *Server) PublicHandler() http.Handler {
	return s.observe(s.router(s.oauthRoutes, s.compatRoutes, s.selfRoutes))
}

// The functions below are the whole URL surface.

func (s *Server) oauthRoutes(router *surface) {
	oauth := s.pathsOf(router, s.render.OAuth, s.work)
	oauth(tokenPath, post(s.grants.Token))
	oauth(introspectPath, post(s.oauth.Introspect))
	oauth(revokePath, post(s.oauth.Revoke))
	oauth("/oauth2/forward-auth", methods{everyMethod: s.oauth.ForwardAuth}) // some gateways forward that of the request
	// Without a queue: what is answered from memory, and the streams, which last.
	free := s.pathsOf(router, s.render.OAuth, nil)
	free(statusListPath+"{n}", public(s.oauth.StatusList))
	free(strings.TrimSuffix(statusListPath, "/"), public(s.oauth.StatusLists))
	free(revocationsPath, get(s.oauth.Push))
	free(wellKnown+"oauth-authorization-server", public(s.oauth.Metadata))
	free(wellKnown+"openid-configuration", public(s.oauth.OpenIDConfiguration))
	free(jwksPath, public(s.oauth.JWKS))
	free(authorizePath, methods{http.MethodGet: s.oauth.Authorize, http.MethodPost: s.oauth.Authorize})
}

func (s *Server) compatRoutes(router *surface) {
	compat := s.pathsOf(router, s.render.Compat, s.work)
	compat("/v1/auth-client", post(s.grants.CompatAuthClient))
	compat("/v1/auth", post(s.grants.CompatAuth))
}

func (s *Server) adminRoutes(router *surface) {
	a, call, query := s.adminapi, s.adminapi.Handle, s.adminapi.HandleQuery
	admin := s.pathsOf(router, s.render.Problem, s.administration)
	admin("/admin/v1/accounts", methods{
		http.MethodGet:  query(a.ListAccounts, policy.ScopesThatSeeTenants()),
		http.MethodPost: call(a.CreateAccount, policy.ScopeAccountsWrite),
	})
	admin("/admin/v1/accounts/{account}", methods{
		http.MethodGet:   call(a.GetAccount, policy.ScopesThatSeeTenants()),
		http.MethodPatch: call(a.PatchAccount, policy.ScopePolicyWrite),
	})
	admin("/admin/v1/accounts/{account}/expiration-policy", methods{
		http.MethodGet: call(a.GetPolicy, policy.ScopePolicyRead),
		http.MethodPut: query(a.PutPolicy, policy.ScopePolicyWrite),
	})
	admin("/admin/v1/accounts/{account}/tenants", methods{
		http.MethodGet:  query(a.ListTenants, policy.ScopesThatSeeTenants()),
		http.MethodPost: call(a.CreateTenant, policy.ScopeTenantsWrite),
	})
	admin("/admin/v1/accounts/{account}/users", methods{
		http.MethodGet:  query(a.ListUsers, policy.ScopeUsersWrite),
		http.MethodPost: call(a.CreateUser, policy.ScopeUsersWrite),
	})
	admin("/admin/v1/accounts/{account}/users/{user}", methods{
		http.MethodGet:    call(a.GetUser, policy.ScopeUsersWrite),
		http.MethodPatch:  call(a.PatchUser, policy.ScopeUsersWrite),
		http.MethodDelete: call(a.DeleteUser, policy.ScopeUsersWrite),
	})
	admin("/admin/v1/accounts/{account}/users/{user}/keys", get(query(a.ListUserKeys, policy.ScopeUsersWrite)))
	admin("/admin/v1/accounts/{account}/users/{user}/sessions", methods{
		http.MethodDelete: call(a.EndSessions, policy.ScopeUsersWrite),
	})
	admin("/admin/v1/accounts/{account}/users/{user}/password-link", post(call(a.SendPasswordLink, policy.ScopeUsersWrite)))
	admin("/admin/v1/accounts/{account}/audit", get(query(a.ListEvents, policy.ScopeAuditRead)))
	admin("/admin/v1/accounts/{account}/calendar", get(query(a.Calendar, policy.ScopePolicyRead)))
	admin("/admin/v1/accounts/{account}/traffic", get(query(a.AccountTraffic, policy.ScopeAuditRead)))
	admin("/admin/v1/tenants/{tenant}/traffic", get(query(a.TenantTraffic, policy.ScopeKeysRead)))
	admin("/admin/v1/tenants/{tenant}", methods{
		http.MethodGet:   call(a.GetTenant, policy.ScopesThatSeeTenants()),
		http.MethodPatch: call(a.PatchTenant, policy.ScopeTenantsWrite),
	})
	admin("/admin/v1/tenants/{tenant}/members", get(query(a.ListMembers, policy.ScopesThatSeeMembers())))
	admin("/admin/v1/tenants/{tenant}/members/{user}", methods{
		http.MethodPut:    call(a.PutMember, policy.ScopeUsersWrite),
		http.MethodDelete: call(a.DeleteMember, policy.ScopeUsersWrite),
	})
	admin("/admin/v1/tenants/{tenant}/password-logins", get(query(a.ListPasswordLogins, policy.ScopeUsersWrite, policy.ScopeKeysRead)))
	admin("/admin/v1/tenants/{tenant}/keys", methods{
		http.MethodGet:  query(a.ListKeys, policy.ScopeKeysRead),
		http.MethodPost: call(a.CreateKey, policy.ScopeKeysWrite),
	})
	admin("/admin/v1/tenants/{tenant}/keys/revoke", post(query(a.RevokeKeys, policy.ScopeKeysWrite))) // no client ID is so short
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}", methods{
		http.MethodGet:    call(a.GetKey, policy.ScopeKeysRead),
		http.MethodPatch:  call(a.PatchKey, policy.ScopeKeysWrite),
		http.MethodDelete: call(a.RevokeKey, policy.ScopeKeysWrite),
	})
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/expiry", get(call(a.GetExpiry, policy.ScopeKeysRead)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/refresh", post(call(a.RefreshKey, policy.ScopeKeysWrite)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/suspend", post(call(a.SuspendKey, policy.ScopeKeysWrite)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/resume", post(call(a.ResumeKey, policy.ScopeKeysWrite)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/transfer", post(call(a.TransferKey, policy.ScopeKeysWrite)))
	admin("/admin/v1/tenants/{tenant}/keys/{client_id}/overlap", methods{http.MethodDelete: query(a.EndOverlap, policy.ScopeKeysWrite)})
	admin("/admin/v1/signing-keys", get(query(a.ListSigningKeys, policy.ScopeTokensIntrospect, policy.ScopeAccountsWrite)))
	admin("/admin/v1/signing-keys/rotate", post(call(a.RotateSigningKeys, policy.ScopeAccountsWrite)))
}

// selfRoutes are what programs do with their own keys, what anybody may report, and the contract of it all.
func (s *Server) selfRoutes(router *surface) {
	a, call, query := s.adminapi, s.adminapi.Handle, s.adminapi.HandleQuery
	// Without a queue: nothing but a budget is looked up, and every answer waits as long as any other.
	s.pathsOf(router, s.render.Problem, nil)("/leaks", post(s.leaks.Post))
	self := s.pathsOf(router, s.render.Problem, s.administration)
	self(openAPIPath, public(adminapi.OpenAPI))
	self("/me/v1/keys", get(query(a.ListOwnKeys, policy.ScopeSelf)))
	self("/me/v1/keys/{client_id}", methods{http.MethodDelete: call(a.RevokeOwnKey, policy.ScopeSelf)})
	self("/me/v1/keys/{client_id}/suspend", post(call(a.SuspendOwnKey, policy.ScopeSelf)))
	self("/me/v1/keys/{client_id}/resume", post(call(a.ResumeOwnKey, policy.ScopeSelf)))
	self("/me/v1/key/refresh", post(call(a.RefreshThisKey, policy.ScopeRotate)))
	self("/me/v1/keys/{client_id}/refresh", post(call(a.RefreshOwnKey, policy.ScopeSelf)))
	self("/me/v1/keys/{client_id}/overlap", methods{http.MethodDelete: query(a.EndOwnOverlap, policy.ScopeSelf)})
}

func (s *Server) consoleRoutes(router *surface) {
	pages := withInfo(s.refusedPage, s.admit(s.administration, s.pages))
	redirect := s.pathsOf(router, s.render.Problem, nil)
	for from, to := range map[string]string{
		"/":                            consolePath,
		"/favicon.ico":                 consolePath + "/static/mintkey.svg",
		"/.well-known/change-password": consolePath + "/account/password", // W3C: A Well-Known URL for Changing Passwords
	} {
		redirect(from, get(func(w http.ResponseWriter, r *web.Request) error {
			http.Redirect(w, r.Request, to, http.StatusSeeOther)
			return nil
		}))
	}
	router.HandleFunc(consolePath, pages)
	router.PathPrefix(consolePath + "/").HandlerFunc(pages)
}

// router returns a new router with the routes.
func (s *Server) router(routes ...func(*surface)) http.Handler {
	router := newSurface()
	router.NotFoundHandler = router.notFound(s.render)
	for _, add := range routes {
		add(router)
	}
	if s.Trace != nil {
		return s.Trace(s.plainPaths(router), routeOf, methodOf)
	}
	return s.plainPaths(router)
}

// methods maps each method that a path supports to its handler.
type methods map[string]web.Handler

// everyMethod stands for all methods that a path does not name.
const everyMethod = "*"

func get(h web.Handler) methods  { return methods{http.MethodGet: h} }
func post(h web.Handler) methods { return methods{http.MethodPost: h} }

// public is a document that pages of every origin may read.
func public(h web.Handler) methods {
	return methods{http.MethodGet: web.Public(h), http.MethodOptions: web.Preflight}
}

// errorWriter renders an error in the form of the API that the path belongs to.
type errorWriter func(http.ResponseWriter, *http.Request, error)

// pathsOf returns a function that adds a path. It answers 405 with Allow itself, in the form of its API, because mux would send no Allow
// and skip everything that wraps the handler. Requests wait for their turn in the queue, if there is one.
func (s *Server) pathsOf(router *surface, writeError errorWriter, queue *admission.Queue) func(path string, known methods) {
	return func(path string, known methods) {
		if queue != nil {
			for method, handle := range known {
				known[method] = s.admit(queue, handle)
			}
		}
		allowed := slices.Sorted(maps.Keys(known))
		if _, ok := known[http.MethodGet]; ok {
			known[http.MethodHead] = known[http.MethodGet]
			allowed = append(allowed, http.MethodHead)
		}
		router.handle(path, withInfo(writeError, func(w http.ResponseWriter, r *web.Request) error {
			r.Route = path
			for name, value := range mux.Vars(r.Request) {
				r.SetPathValue(name, value)
			}
			if queue == nil {
				door.Leave(r.Context())
			}
			handler, ok := known[r.Method]
			if !ok {
				handler, ok = known[everyMethod]
			}
			if !ok {
				w.Header().Set("Allow", strings.Join(allowed, ", "))
				return web.Refuse(web.ErrMethodNotAllowed, "%s is not allowed here; allowed: %s", methodOf(r.Request), strings.Join(allowed, ", "))
			}
			return handler(w, r)
		}))
	}
}

// withInfo passes the request's Info to a handler, and renders the handler's error.
func withInfo(writeError errorWriter, handle web.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := web.RequestOf(r)
		if err == nil {
			err = handle(w, request)
		}
		if err != nil {
			writeError(w, r, err)
		}
	}
}

// notFound answers for a path that does not exist. Where it is almost that of an endpoint, such as /oauth2//token or /v1/auth/, it says so,
// in the form of the endpoint: a base URL with a slash at its end is the usual cause.
func (s *surface) notFound(render *web.Renderer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		meant := path.Clean(r.URL.Path)
		if !strings.HasPrefix(meant, "/oauth2/") && !strings.HasPrefix(meant, "/v1/") {
			render.Problem(w, r, store.ErrNotFound)
			return
		}
		err := store.ErrNotFound
		if _, exists := s.plain[meant]; exists {
			err = web.Refuse(web.ErrNoSuchPath, "There is nothing at this path: the address has a slash too many, and %s is meant.", meant)
		}
		render.Compat(w, r, err)
	}
}

// surface is a router that finds a path without variables in a map: mux would go through a list of patterns, and copy the request twice.
type surface struct {
	*mux.Router

	plain map[string]http.Handler
}

func newSurface() *surface {
	// SkipClean makes an unclean path a 404, not a redirect that would drop the body.
	return &surface{mux.NewRouter().SkipClean(true), map[string]http.Handler{}}
}

// handle adds a path for all methods.
func (s *surface) handle(path string, handler http.HandlerFunc) {
	s.HandleFunc(path, handler)
	if !strings.Contains(path, "{") {
		s.plain[path] = handler
	}
}

// ServeHTTP implements http.Handler.
func (s *surface) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler, ok := s.plain[r.URL.Path]; ok {
		handler.ServeHTTP(w, r)
		return
	}
	s.Router.ServeHTTP(w, r)
}
