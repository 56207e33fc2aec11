package console

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"mintkey/admin"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/console/openid"
	"mintkey/server/console/passkeys"
	"mintkey/server/limits"
	"mintkey/store"
)

// Store is what the console reads directly, and where it keeps its sessions. Everything else goes through admin.Service.
type Store interface {
	store.Accounts
	store.Tenants
	store.Users
	store.Memberships
	store.Subjects
	store.Ephemera
}

// Options configures a console. Every field except DocsURL, Mail, ClockOffset and OpenID is required.
type Options struct {
	Service     *admin.Service
	Store       Store
	Hasher      *passwords.Hasher
	Limits      *limits.Limiter
	Refused     Refused
	Issuer      string // base URL, without a trailing slash, of the OAuth endpoints
	URL         string // base URL at which people reach the console, without a trailing slash
	DocsURL     string // of the documentation; empty for no link
	Log         *slog.Logger
	Mail        bool          // whether the server sends mail
	ClockOffset time.Duration // difference between the time of a request and the real time
	Version     string
	OpenID      OpenID // sign-in at an OpenID provider; zero for passwords only
}

// Refused takes note of failed sign-ins, and of those that succeed; usage.SignIns implements it.
type Refused interface {
	Refused(attempt policy.RefusedSignIn, address string, at time.Time)
	SignedIn(method string)
}

// Console serves the pages under /console. Its methods may be called from many goroutines.
type Console struct {
	Options

	sessions *scs.SessionManager
	provider *openid.Provider      // nil where there is none
	passkeys *passkeys.Site        // nil where nobody can have a passkey
	assets   func() assets         // made when a browser first asks, because most of a server's life is tokens
	pages    func() (pages, error) // likewise
}

// New returns the handler of all pages under /console. It fails if the URL is not an origin.
func New(o Options) (http.Handler, error) {
	c := &Console{Options: o, assets: sync.OnceValue(loadAssets)}
	c.pages = sync.OnceValues(func() (pages, error) { return parsePages(c.assets()) })
	c.sessions, c.provider = c.newSessions(), c.OpenID.provider(o.URL)
	if !o.OpenID.Only {
		var err error
		if c.passkeys, err = passkeys.New(o.URL); err != nil {
			return nil, fmt.Errorf("console: URL %s: %w", o.URL, err)
		}
	}
	sameOrigin := http.NewCrossOriginProtection()
	if err := sameOrigin.AddTrustedOrigin(origin(o.URL)); err != nil {
		return nil, fmt.Errorf("console: URL %s: %w", o.URL, err)
	}
	sameOrigin.SetDenyHandler(c.open(func(*request) error { return errCrossOrigin }))
	return compress(c.sessions.LoadAndSave(sameOrigin.Handler(c.routes())))
}

// routes lists every page, with the scope that it requires beyond a session. The scope is set here and nowhere else.
func (c *Console) routes() http.Handler {
	m := http.NewServeMux()
	open := func(pattern string, h handler) { m.HandleFunc(pattern, c.open(h)) }
	page := func(pattern, anyOf string, h handler) { m.HandleFunc(pattern, c.signedIn(anyOf, h)) }
	early := func(pattern string, h handler) { m.HandleFunc(pattern, c.identified(h)) }  // also without the second factor that is required
	fresh := func(pattern, anyOf string, h handler) { page(pattern, anyOf, c.fresh(h)) } // asks who it is, after a while

	m.HandleFunc("GET /console/static/{file}", func(w http.ResponseWriter, r *http.Request) { c.assets().ServeHTTP(w, r) })
	open("GET /console/sign-in", c.signInPage)
	open("POST /console/sign-in", c.signIn)
	if c.provider != nil {
		open("GET "+openIDPath, c.startOpenID)
		open("GET "+callbackPath, c.finishOpenID)
		open("GET "+openIDSignOutPath, c.leaveProvider)
	}
	c.passkeyRoutes(open, page, fresh, early)
	open("POST /console/sign-out", c.signOut)
	open("GET /console/session", c.sessionLeft)
	page("POST /console/session", "", c.staySignedIn)
	open("GET "+forgottenPath, c.mailing(c.forgottenPage))
	open("POST "+forgottenPath, c.mailing(c.forgotten))
	open("GET "+passwordPath+"/{code}", c.followLink)
	open("GET "+passwordPath, c.choosePage)
	open("POST "+passwordPath, c.choose)
	page("GET /console/sign-out-everywhere", "", c.signOutEverywherePage)
	page("POST /console/sign-out-everywhere", "", c.signOutEverywhere)
	early("GET "+provePath, c.provePage)
	if c.provider != nil {
		early("GET "+proveOpenIDPath, c.startProof)
	}
	page("GET /console", "", c.home)
	page("GET /console/tenants/{tenant}", "", c.home)
	page("GET "+switchPath, "", c.switchPage)
	page("GET "+accountsPath, policy.ScopeAccountsWrite, c.listAccounts)
	page("GET "+accountsPath+"/{account}", policy.ScopeAccountsWrite, c.enterAccount)

	const read, write = policy.ScopeKeysRead, policy.ScopeKeysWrite
	page("GET /console/tenants/{tenant}/keys", read, c.listKeys)
	page("GET /console/tenants/{tenant}/keys/new", write, c.newKeyPage)
	fresh("POST /console/tenants/{tenant}/keys/new", write, c.createKey)
	page("GET /console/tenants/{tenant}/keys/export", read, c.exportKeys)
	page("GET /console/tenants/{tenant}/keys/stop", write, c.stopPage)
	fresh("POST /console/tenants/{tenant}/keys/stop", write, c.stopKeys)
	page("GET /console/tenants/{tenant}/keys/{client_id}/edit", write, c.editKeyPage)
	fresh("POST /console/tenants/{tenant}/keys/{client_id}/edit", write, c.editKey)
	page("GET /console/tenants/{tenant}/keys/{client_id}/refresh", write, c.refreshPage)
	fresh("POST /console/tenants/{tenant}/keys/{client_id}/refresh", write, c.refreshKey)
	page("GET /console/tenants/{tenant}/keys/{client_id}/end-overlap", write, c.endOverlapPage)
	page("POST /console/tenants/{tenant}/keys/{client_id}/end-overlap", write, c.endOverlap)
	page("GET /console/tenants/{tenant}/keys/{client_id}/revoke", write, c.revokePage)
	fresh("POST /console/tenants/{tenant}/keys/{client_id}/revoke", write, c.revokeKey)

	page("GET /console/tenants/{tenant}/keys/{client_id}/suspend", write, c.suspendPage)
	page("POST /console/tenants/{tenant}/keys/{client_id}/suspend", write, c.suspendKey)
	page("GET /console/tenants/{tenant}/keys/{client_id}/resume", write, c.resumePage)
	fresh("POST /console/tenants/{tenant}/keys/{client_id}/resume", write, c.resumeKey)

	page("GET /console/tenants/{tenant}/keys/{client_id}/transfer", write, c.transferPage)
	fresh("POST /console/tenants/{tenant}/keys/{client_id}/transfer", write, c.transferKey)

	page("GET /console/tenants/{tenant}/keys/{client_id}", read, c.keyPage)
	page("GET /console/account/keys/{client_id}", policy.ScopeSelf, c.ownKeyPage)
	page("GET /console/security/expiries.ics", policy.ScopePolicyRead, c.exportExpiries)
	page("GET /console/account/expiries.ics", policy.ScopeSelf, c.exportOwnExpiries)
	page("GET /console/tenants/{tenant}/settings", read, c.tenantPage)
	fresh("POST /console/tenants/{tenant}/settings", policy.ScopeTenantsWrite, c.changeTenant)
	page("GET /console/users/{user}/delete", policy.ScopeUsersWrite, c.deleteUserPage)
	fresh("POST /console/users/{user}/delete", policy.ScopeUsersWrite, c.deleteUser)

	page("GET /console/tenants/{tenant}/traffic", read, c.traffic)
	page("GET /console/tenants/{tenant}/traffic/export", read, c.exportTraffic)

	page("GET /console/account", "", c.myAccount)
	page("POST "+endSessionPath, "", c.endSession)
	page("POST "+endOthersPath, "", c.endOtherSessions)
	page("GET "+ownPasswordPath, "", c.ownPasswordPage)
	page("POST "+ownPasswordPath, "", c.changeOwnPassword) // asks for the password itself
	page("GET "+signInsPath, "", c.signInHistory)
	fresh("POST "+ownMailsPath, "", c.setOwnMails)
	page("GET /console/account/keys/{client_id}/refresh", policy.ScopeSelf, c.refreshOwnPage)
	fresh("POST /console/account/keys/{client_id}/refresh", policy.ScopeSelf, c.refreshOwnKey)
	page("GET /console/account/keys/{client_id}/end-overlap", policy.ScopeSelf, c.endOwnOverlapPage)
	page("POST /console/account/keys/{client_id}/end-overlap", policy.ScopeSelf, c.endOwnOverlap)
	page("GET /console/account/keys/{client_id}/suspend", policy.ScopeSelf, c.suspendOwnPage)
	page("POST /console/account/keys/{client_id}/suspend", policy.ScopeSelf, c.suspendOwnKey)
	page("GET /console/account/keys/{client_id}/resume", policy.ScopeSelf, c.resumeOwnPage)
	fresh("POST /console/account/keys/{client_id}/resume", policy.ScopeSelf, c.resumeOwnKey)
	page("GET /console/account/keys/{client_id}/revoke", policy.ScopeSelf, c.revokeOwnPage)
	fresh("POST /console/account/keys/{client_id}/revoke", policy.ScopeSelf, c.revokeOwnKey)
	page("GET /console/pick-up/{code}", policy.ScopeSelf, c.pickUpPage)
	fresh("POST /console/pick-up/{code}", policy.ScopeSelf, c.pickUp)

	page("GET /console/security", policy.ScopePolicyRead, c.securityPage)
	fresh("POST /console/security", policy.ScopePolicyWrite, c.here(c.setPolicy))
	page("GET "+firstStepsPath, policy.ScopeTenantsWrite, c.firstStepsPage)
	page("POST "+firstStepsPath, policy.ScopeTenantsWrite, c.hideFirstSteps)
	page("GET "+previewExportPath, policy.ScopePolicyRead, c.exportPreview)
	page("GET /console/activity", policy.ScopeAuditRead, c.activity)
	page("GET /console/activity/export", policy.ScopeAuditRead, c.exportActivity)
	page("GET "+insightsPath, policy.ScopeAuditRead, c.insights)
	page("GET /console/activity/traffic", policy.ScopeAuditRead, c.traffic)
	page("GET /console/activity/traffic/export", policy.ScopeAuditRead, c.exportTraffic)
	page("GET /console/users", policy.ScopeUsersWrite, c.listUsers)
	page("GET /console/users/new", policy.ScopeUsersWrite, c.newUserPage)
	fresh("POST /console/users/new", policy.ScopeUsersWrite, c.here(c.createUser))
	page("GET /console/users/{user}", policy.ScopeUsersWrite, c.userPage)
	fresh("POST /console/users/{user}", policy.ScopeUsersWrite, c.changeUser)
	page("GET /console/tenants", policy.ScopeTenantsWrite, c.listTenants)
	page("GET /console/tenants/new", policy.ScopeTenantsWrite, c.newTenantPage)
	page("POST /console/tenants/new", policy.ScopeTenantsWrite, c.here(c.createTenant))
	page("GET /console/tenants/{tenant}/suspend", policy.ScopeTenantsWrite, c.suspendTenantPage)
	fresh("POST /console/tenants/{tenant}/suspend", policy.ScopeTenantsWrite, c.suspendTenant)
	page("GET /console/tenants/{tenant}/resume", policy.ScopeTenantsWrite, c.resumeTenantPage)
	fresh("POST /console/tenants/{tenant}/resume", policy.ScopeTenantsWrite, c.resumeTenant)
	page("GET /console/tenants/{tenant}/members", policy.ScopeUsersWrite, c.memberPage)
	fresh("POST /console/tenants/{tenant}/members", policy.ScopeUsersWrite, c.setMember)
	elsewhere := c.elsewhere(m)
	m.HandleFunc("/console", elsewhere)
	m.HandleFunc("/console/", elsewhere)
	return m
}
