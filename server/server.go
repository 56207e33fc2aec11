package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mintkey/admin"
	"mintkey/logs"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/adminapi"
	"mintkey/server/admission"
	"mintkey/server/callers"
	"mintkey/server/clients"
	"mintkey/server/console"
	"mintkey/server/door"
	"mintkey/server/grants"
	"mintkey/server/leaks"
	"mintkey/server/limits"
	"mintkey/server/metrics"
	"mintkey/server/oauth"
	"mintkey/server/revocation"
	"mintkey/server/usage"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Audience is a resource that tokens can be issued for (RFC 8707), with the algorithm that its gateways support.
type Audience struct {
	Name      string
	Algorithm tokens.Algorithm
}

// Certificate is a TLS certificate that may be replaced while the server runs.
type Certificate interface {
	Expires() time.Time
	Warnings() []string // what operators should know of it now
}

// Options is what a Server needs. Every field is required unless its comment says otherwise.
type Options struct {
	Store          store.Store
	KeyRing        *tokens.KeyRing
	Hasher         *passwords.Hasher
	Issuer         string     // the base URL, without a slash at the end
	ConsoleURL     string     // the base URL at which people reach the console; empty for Issuer
	DocsURL        string     // of the documentation that the console links to; may be empty
	Audiences      []Audience // the issuer is one of them; of the others, the APIs, the first is the default
	TokenLifetime  time.Duration
	Catalogue      policy.Catalogue
	ClientIDPrefix string         // may be empty
	ClientIDSuffix string         // may be empty
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is trusted; may be empty
	Log            *slog.Logger
	Outages        *logs.Outages // of everything that is repeated on the store; nil for one of the server's own
	Now            func() time.Time
	ClockOffset    time.Duration     // Now minus the real time; usually 0
	Mail           bool              // whether owners get mail
	Agreed         *store.AgreedTime // holds back what is deleted for good; nil for none
	Watch          *store.Watch      // notices when the store is no longer the one that was opened; nil for none
	NeedsAccounts  bool              // not ready while the store has no accounts
	PasswordSunset time.Time         // when the password grant stops working, for the Sunset header; may be zero
	Version        string
	Revision       string          // of the source; may be empty
	Warnings       []string        // about how the server is set up, for /readyz?verbose; may be empty
	WarningsNow    func() []string // those that come and go while the server runs; may be nil
	Certificate    Certificate     // what the server shows to clients; nil for plain http
	OpenID         console.OpenID  // sign-in to the console without passwords; zero for none
	// QuotaReportOnly issues tokens past a quota, and only counts and logs them (R36).
	QuotaReportOnly bool
	// Trace wraps what handles requests so that each is traced; nil for no traces, which then cost nothing. route is the template of the
	// path of a request that was handled, and method one of a fixed set.
	Trace func(next http.Handler, route, method func(*http.Request) string) http.Handler
	// Profiling serves profiles of the process to operators.
	Profiling bool
	// GitHubKeys reads the public keys that verify reports of leaked secrets from GitHub; nil for none.
	GitHubKeys func() (leaks.GitHubKeys, error)
}

// Server is the wired packages. Its methods may be called from many goroutines.
type Server struct {
	Options

	service     *admin.Service
	render      *web.Renderer
	metrics     *metrics.Metrics
	watched     watched
	limits      *limits.Limiter
	usage       *usage.Usage
	revocations *revocation.Log
	lists       *revocation.Lists
	indexes     *tokens.StatusIndexes
	gateways    revocation.Gateways
	callers     *callers.Callers
	grants      *grants.Endpoint
	oauth       *oauth.Endpoints
	links       adminapi.Links
	adminapi    *adminapi.API
	leaks       *leaks.Endpoint
	console     http.Handler
	stopping    atomic.Bool

	proxyWarning sync.Once

	work           *admission.Queue // for what programs and gateways ask
	administration *admission.Queue // for the administration API and the console, so that a storm of programs leaves them alone
	known          *admission.Known
	workers        admission.Workers
	door           *door.Door
	gatherer       store.Gatherer // nil if the store is none
}

// New wires a server. It starts nothing: Run does.
func New(o Options) (*Server, error) {
	audiences, algorithms := o.audiences()
	if _, ok := algorithms[o.Issuer]; !ok {
		return nil, errors.New("server: the issuer must be one of the audiences")
	}
	o.ConsoleURL = cmp.Or(o.ConsoleURL, o.Issuer)
	if o.Outages == nil {
		o.Outages = NewOutages()
	}
	s := &Server{
		Options:     o,
		render:      web.NewRenderer(o.Issuer, o.Log),
		metrics:     metrics.New(metrics.Build{Version: o.Version, Revision: o.Revision, Go: runtime.Version()}),
		revocations: revocation.NewLog(o.Store, o.Store),

		work:           newQueue(),
		administration: newQueue(),
		known:          admission.NewKnown(),
		gatherer:       store.GathererOf(o.Store),
	}
	s.door = s.newDoor()
	s.limits = limits.New(limits.Options{
		Limits:  o.Store,
		Places:  o.Store,
		Log:     o.Log,
		Now:     s.realTime,
		Metrics: s.metrics.Registry,
	})
	if o.Watch != nil {
		o.Watch.OnChange(s.revocations.StartOver)
		s.revocations.Confirm = func(ctx context.Context) error { return o.Watch.Confirm(ctx, s.Now()) }
	}
	s.gateways = revocation.Gateways{
		Log: s.revocations, Memberships: o.Store, Documents: o.Store, Lifetime: o.TokenLifetime, Logger: o.Log,
	}
	indexes := tokens.NewStatusIndexes(o.Store)
	s.indexes = indexes
	s.service = &admin.Service{
		Store:           o.Store,
		Hasher:          o.Hasher,
		Catalogue:       o.Catalogue,
		Audiences:       audiences,
		ClientIDPrefix:  o.ClientIDPrefix,
		ClientIDSuffix:  o.ClientIDSuffix,
		TokenLifetime:   o.TokenLifetime,
		NextStatusIndex: indexes.Next,
		Revoked:         s.gateways.Revoked,
		Agreed:          func(ctx context.Context) time.Time { return o.Agreed.Until(ctx, o.Now()) },
		Log:             o.Log,
	}
	s.usage = usage.New(o.Store, s.service, func(text string) bool {
		return policy.IsClientID(text, o.ClientIDPrefix, o.ClientIDSuffix)
	}, s.metrics, o.Log, o.Outages)
	s.service.RecentAccess = s.usage.Access.Recent
	s.wireOAuth(indexes, audiences, algorithms)
	s.links = adminapi.Links{Service: s.service, Console: o.ConsoleURL + consolePath}
	s.adminapi = adminapi.New(adminapi.Options{
		Service:      s.service,
		Links:        s.links,
		Keys:         o.KeyRing,
		Callers:      s.callers,
		PasswordUses: s.usage.Logins.Of,
		SendLink:     s.sendPasswordLink,
	})
	s.leaks = leaks.New(leaks.Options{Report: s.service.ReportLeak, Limits: s.limits, Log: o.Log, GitHubKeys: o.GitHubKeys})
	s.watchParts()
	var err error
	s.console, err = s.newConsole()
	return s, err
}

// audiences returns the receivers of tokens, and the algorithm of each.
func (o Options) audiences() (policy.Audiences, map[string]tokens.Algorithm) {
	names, algorithms := policy.Audiences{Issuer: o.Issuer}, map[string]tokens.Algorithm{}
	for _, audience := range o.Audiences {
		if algorithms[audience.Name] = audience.Algorithm; audience.Name != o.Issuer {
			names.APIs = append(names.APIs, audience.Name)
		}
	}
	return names, algorithms
}

// wireOAuth wires the token endpoint and the other OAuth endpoints.
func (s *Server) wireOAuth(indexes *tokens.StatusIndexes, audiences policy.Audiences, algorithms map[string]tokens.Algorithm) {
	o := s.Options
	statuses := tokens.StatusListURL(o.Issuer + statusListPath)
	var inOrder []tokens.Algorithm // of the audiences
	for _, audience := range audiences.All() {
		inOrder = append(inOrder, algorithms[audience])
	}
	s.callers = &callers.Callers{
		Ring:      o.KeyRing,
		Subjects:  o.Store,
		Log:       s.revocations,
		Audiences: audiences,
		Catalogue: o.Catalogue,
		Statuses:  statuses,
	}
	known := &clients.Clients{
		Subjects: o.Store, Refusals: s.usage.Refusals, Limits: s.limits, Ended: s.revocations.Ended, Claim: s.service.ClaimSecret,
	}
	s.grants = grants.New(grants.Options{
		Store:           o.Store,
		Indexes:         s.service,
		Ended:           s.revocations.Ended,
		Ring:            o.KeyRing,
		Clients:         known,
		Limits:          s.limits,
		Hasher:          o.Hasher,
		Usage:           s.usage,
		Metrics:         s.metrics,
		Render:          s.render,
		Log:             o.Log,
		Issuer:          o.Issuer,
		Audiences:       audiences,
		Algorithms:      algorithms,
		Lifetime:        o.TokenLifetime,
		Catalogue:       o.Catalogue,
		Statuses:        statuses,
		ClientIDPrefix:  o.ClientIDPrefix,
		ClientIDSuffix:  o.ClientIDSuffix,
		PasswordSunset:  o.PasswordSunset,
		Console:         o.ConsoleURL + consolePath,
		QuotaReportOnly: o.QuotaReportOnly,
	})
	s.metrics.TokenEndpoint(tokenPath, s.grants.Types(), s.render.TokenCodes())
	s.lists = revocation.NewLists(s.revocations, indexes, o.KeyRing, statuses, inOrder[0], o.TokenLifetime)
	s.oauth = oauth.New(oauth.Options{
		Clients:     known,
		Callers:     s.callers,
		Access:      s.usage.Access,
		Log:         s.revocations,
		Replication: o.Store,
		Ring:        o.KeyRing,
		Lists:       s.lists,
		Issuer:      o.Issuer,
		Statuses:    statuses,
		Catalogue:   o.Catalogue,
		APIs:        audiences.APIs,
		Algorithms:  inOrder,
		GrantTypes:  s.grants.Types(),
		Paths: oauth.Paths{
			Token:       tokenPath,
			Authorize:   authorizePath,
			Introspect:  introspectPath,
			Revoke:      revokePath,
			Revocations: revocationsPath,
			JWKS:        jwksPath,
			StatusLists: strings.TrimSuffix(statusListPath, "/"),
		},
		RealTime: s.realTime,
	})
}

// Stopping makes /readyz answer 503 from now on, while everything else goes on. Call it when a shutdown begins.
func (s *Server) Stopping() { s.stopping.Store(true) }

// Prepare reads what the first answer needs: a server that has just started must give no token for a key that another one knows as revoked
// although the store has lost that.
func (s *Server) Prepare(ctx context.Context) error {
	if err := s.revocations.Ensure(ctx); err != nil {
		return fmt.Errorf("read the log of revocations: %w", err)
	}
	s.watched.followed.Store(s.realTime().UnixNano())
	return nil
}

// EndStreams ends the streams of revocations, which would otherwise run until their tokens expire. Call it when a shutdown begins.
func (s *Server) EndStreams() { s.oauth.EndStreams() }

// Gateways returns the channel of the outbox that records revocations for gateways.
func (s *Server) Gateways() revocation.Gateways { return s.gateways }

// realTime returns the time for network deadlines, which ClockOffset does not shift.
func (s *Server) realTime() time.Time { return s.Now().Add(-s.ClockOffset) }

// Links creates the one-time links in mails.
func (s *Server) Links() adminapi.Links { return s.links }
