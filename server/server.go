package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"mintkey/admin"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/adminapi"
	"mintkey/server/callers"
	"mintkey/server/clients"
	"mintkey/server/console"
	"mintkey/server/grants"
	"mintkey/server/limits"
	"mintkey/server/oauth"
	"mintkey/server/revocation"
	"mintkey/server/usage"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Audience is a resource that tokens can be made for (RFC 8707), with the algorithm that its gateways know.
type Audience struct {
	Name      string
	Algorithm tokens.Algorithm
}

// Options is all that a Server needs. Every field without a remark is required.
type Options struct {
	Store          store.Store
	KeyRing        *tokens.KeyRing
	Hasher         *passwords.Hasher
	Issuer         string     // the base URL, without a slash at the end
	Audiences      []Audience // the issuer is one of them; of the others, the APIs, the first is the default
	TokenLifetime  time.Duration
	Catalogue      policy.Catalogue
	ClientIDPrefix string         // may be empty
	ClientIDSuffix string         // may be empty
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; may be empty
	Log            *slog.Logger
	Now            func() time.Time
	ClockOffset    time.Duration // how far Now is from the real time; usually 0
	Mail           bool          // whether owners are written to
	PasswordSunset time.Time     // when the password grant will end, for the Sunset header; may be zero
	Version        string
	OpenID         console.OpenID // another way into the console than passwords; zero for none
}

// Server is the rooms, wired. Its methods may be called from many goroutines.
type Server struct {
	Options

	service     *admin.Service
	render      *web.Renderer
	metrics     *metrics
	limits      *limits.Limiter
	usage       *usage.Usage
	revocations *revocation.Log
	gateways    revocation.Gateways
	callers     *callers.Callers
	grants      *grants.Endpoint
	oauth       *oauth.Endpoints
	links       adminapi.Links
	adminapi    *adminapi.API
	console     http.Handler
}

// New wires a server. It starts nothing: Run does.
func New(o Options) (*Server, error) {
	audiences, algorithms := o.audiences()
	if _, ok := algorithms[o.Issuer]; !ok {
		return nil, errors.New("server: the issuer must be one of the audiences")
	}
	s := &Server{Options: o, render: web.NewRenderer(o.Issuer, o.Log), metrics: newMetrics(), revocations: revocation.NewLog(o.Store)}
	s.limits = limits.New(limits.Options{
		Limits: o.Store, Places: o.Store, Log: o.Log, Now: s.realTime, Metrics: s.metrics.registry,
	})
	s.metrics.countHashes(o.Hasher)
	s.gateways = revocation.Gateways{Log: s.revocations, Lifetime: o.TokenLifetime, Logger: o.Log}
	indexes := tokens.NewStatusIndexes(o.Store)
	s.service = &admin.Service{
		Store: o.Store, Hasher: o.Hasher, Catalogue: o.Catalogue, ClientIDPrefix: o.ClientIDPrefix, ClientIDSuffix: o.ClientIDSuffix,
		Audiences: audiences, NextStatusIndex: indexes.Next, Revoked: s.gateways.Revoked, Log: o.Log,
	}
	s.usage = usage.New(o.Store, s.service, o.Log)
	s.service.RecentAccess = s.usage.Access.Overlay
	s.wireOAuth(indexes, audiences, algorithms)
	s.links = adminapi.Links{Service: s.service, Console: o.Issuer + consolePath}
	s.adminapi = adminapi.New(adminapi.Options{
		Service: s.service, Links: s.links, Keys: o.KeyRing, Callers: s.callers, PasswordUses: s.usage.Logins.Of,
	})
	var err error
	s.console, err = s.newConsole()
	return s, err
}

// audiences are the receivers of tokens, and the algorithm of each.
func (o Options) audiences() (policy.Audiences, map[string]tokens.Algorithm) {
	names, algorithms := policy.Audiences{Issuer: o.Issuer}, map[string]tokens.Algorithm{}
	for _, audience := range o.Audiences {
		if algorithms[audience.Name] = audience.Algorithm; audience.Name != o.Issuer {
			names.APIs = append(names.APIs, audience.Name)
		}
	}
	return names, algorithms
}

// wireOAuth wires the token endpoint and those beside it.
func (s *Server) wireOAuth(indexes *tokens.StatusIndexes, audiences policy.Audiences, algorithms map[string]tokens.Algorithm) {
	o := s.Options
	statuses := tokens.StatusListURL(o.Issuer + statusListPath)
	var known []tokens.Algorithm // in the order of the audiences
	for _, audience := range audiences.All() {
		known = append(known, algorithms[audience])
	}
	s.callers = &callers.Callers{
		Ring: o.KeyRing, Subjects: o.Store, Log: s.revocations, Audiences: audiences, Catalogue: o.Catalogue, Statuses: statuses,
	}
	authenticated := &clients.Clients{Subjects: o.Store, Refusals: s.usage.Refusals, Limits: s.limits}
	s.grants = grants.New(grants.Options{
		Store: o.Store, Ring: o.KeyRing, Clients: authenticated, Limits: s.limits, Hasher: o.Hasher, Usage: s.usage, Metrics: s.metrics,
		Render: s.render, Log: o.Log,
		Issuer: o.Issuer, Audiences: audiences, Algorithms: algorithms, Lifetime: o.TokenLifetime, Catalogue: o.Catalogue, Statuses: statuses,
		ClientIDPrefix: o.ClientIDPrefix, ClientIDSuffix: o.ClientIDSuffix, PasswordSunset: o.PasswordSunset,
	})
	s.oauth = oauth.New(oauth.Options{
		Clients: authenticated, Callers: s.callers, Log: s.revocations, Stored: o.Store, Ring: o.KeyRing,
		Lists:  revocation.NewLists(s.revocations, indexes, o.KeyRing, statuses, known[0], o.TokenLifetime),
		Issuer: o.Issuer, Statuses: statuses, Catalogue: o.Catalogue, Algorithms: known, GrantTypes: s.grants.Types(),
		Paths: oauth.Paths{
			Token: tokenPath, Introspect: introspectPath, Revoke: revokePath, Revocations: revocationsPath, JWKS: jwksPath,
		},
		RealTime: s.realTime,
	})
}

const (
	flushEvery   = time.Second            // how far last access may lag; the rule allows 60 s (R7)
	refreshEvery = 5 * time.Second        // how soon a replica sees the signing keys that another one made
	followEvery  = 300 * time.Millisecond // how soon it sees what another one revoked
	forgetEvery  = 10 * time.Minute
)

// Run does the work that belongs to no request, until ctx ends: it saves what was gathered, follows revocations and the rotation of
// signing keys, and forgets what is over. It saves what is left before it returns nil.
func (s *Server) Run(ctx context.Context) error {
	var work sync.WaitGroup
	for _, chore := range []struct {
		every time.Duration
		do    func(context.Context)
	}{{flushEvery, s.flush}, {refreshEvery, s.refreshKeys}, {followEvery, s.follow}, {forgetEvery, s.forget}} {
		work.Go(func() {
			tick := time.NewTicker(chore.every)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					chore.do(ctx)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	work.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	s.flush(last)
	return nil
}

func (s *Server) flush(ctx context.Context) { s.usage.Flush(ctx, s.Now()) }

func (s *Server) refreshKeys(ctx context.Context) {
	if err := s.KeyRing.Refresh(ctx, s.Now()); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "signing keys could not be refreshed; going on with those known", slog.Any("error", err))
	}
}

func (s *Server) follow(ctx context.Context) {
	if err := s.revocations.Sync(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "revocations could not be read; going on with those known", slog.Any("error", err))
	}
}

func (s *Server) forget(ctx context.Context) {
	now := s.Now()
	for _, err := range []error{s.revocations.Forget(ctx, now), s.Store.ForgetEphemera(ctx, now), s.Store.ForgetTraffic(ctx, now)} {
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "what is over could not be forgotten; trying again later", slog.Any("error", err))
		}
	}
}

// EndStreams ends the streams of revocations, which would otherwise go on for as long as their tokens: call it when a shutdown begins.
func (s *Server) EndStreams() { s.oauth.EndStreams() }

// Gateways returns the channel of the outbox that records revocations for gateways.
func (s *Server) Gateways() revocation.Gateways { return s.gateways }

// realTime is the time for deadlines of the network, which a rehearsal does not shift.
func (s *Server) realTime() time.Time { return s.Now().Add(-s.ClockOffset) }

// Links makes the one-time links that mails have.
func (s *Server) Links() adminapi.Links { return s.links }
