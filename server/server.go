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
	"mintkey/server/console"
	"mintkey/server/limits"
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
	Audiences      []Audience // the first is the default
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

// Server answers OAuth and administration requests. Its methods may be called from many goroutines.
type Server struct {
	store     store.Store
	ring      *tokens.KeyRing
	issuer    string
	audiences []Audience
	lifetime  time.Duration
	catalogue policy.Catalogue
	proxies   []netip.Prefix
	log       *slog.Logger
	now       func() time.Time
	offset    time.Duration
	mail      bool
	sunset    time.Time
	version   string

	office    *admin.Office
	feed      *feed
	indexes   *tokens.StatusIndexes
	lists     statusLists
	limits    *limits.Limiter
	refusals  *refusalRecorder
	logins    *loginRecorder
	hasher    *passwords.Hasher
	stopping  chan struct{} // closed when streams must end
	stopOnce  sync.Once
	errors    errorTable
	generator *generator
	access    *accessRecorder
	traffic   *trafficRecorder
	metrics   *metrics
	console   http.Handler
}

// New wires a server. It starts nothing: Run does.
func New(o Options) (*Server, error) {
	if len(o.Audiences) == 0 {
		return nil, errors.New("server: at least one audience is needed")
	}
	s := &Server{
		store: o.Store, ring: o.KeyRing, issuer: o.Issuer, audiences: o.Audiences, lifetime: o.TokenLifetime,
		catalogue: o.Catalogue, proxies: o.TrustedProxies,
		log: o.Log, now: o.Now, offset: o.ClockOffset, mail: o.Mail, sunset: o.PasswordSunset, version: o.Version,
		errors: renderings(), access: newAccessRecorder(), traffic: newTrafficRecorder(), metrics: newMetrics(),
	}
	s.generator = newGenerator(s.ring)
	s.feed, s.indexes, s.lists = newFeed(s.store), tokens.NewStatusIndexes(s.store), statusLists{signed: map[uint64]signedList{}}
	s.limits = limits.New(limits.Options{Limits: s.store, Places: s.store, Log: s.log, Now: s.realTime, Metrics: s.metrics.registry})
	s.metrics.countHashes(o.Hasher)
	s.hasher, s.refusals, s.logins, s.stopping = o.Hasher, newRefusalRecorder(), newLoginRecorder(), make(chan struct{})
	s.office = &admin.Office{
		Store: s.store, Hasher: s.hasher, Catalogue: s.catalogue, ClientIDPrefix: o.ClientIDPrefix, ClientIDSuffix: o.ClientIDSuffix,
		NextStatusIndex: s.indexes.Next, Revoked: s.killTokens,
		RecentAccess: s.access.overlay, Log: s.log,
	}
	var err error
	if s.console, err = s.newConsole(o.OpenID); err != nil {
		return nil, err
	}
	return s, nil
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

func (s *Server) flush(ctx context.Context) {
	s.flushAccess(ctx)
	s.flushLogins(ctx)
	s.flushRefusals(ctx)
	s.flushTraffic(ctx)
}

func (s *Server) refreshKeys(ctx context.Context) {
	if err := s.ring.Refresh(ctx, s.now()); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "signing keys could not be refreshed; going on with those known", slog.Any("error", err))
	}
}

func (s *Server) follow(ctx context.Context) {
	if err := s.feed.sync(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "revocations could not be read; going on with those known", slog.Any("error", err))
	}
}

func (s *Server) forget(ctx context.Context) {
	now := s.now()
	for _, err := range []error{s.feed.forget(ctx, now), s.store.ForgetEphemera(ctx, now), s.store.ForgetTraffic(ctx, now)} {
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "what is over could not be forgotten; trying again later", slog.Any("error", err))
		}
	}
}

// EndStreams ends the streams of revocations, which would otherwise go on for as long as their tokens: call it when a shutdown begins.
func (s *Server) EndStreams() { s.stopOnce.Do(func() { close(s.stopping) }) }

// realTime is the time for deadlines of the network, which a rehearsal does not shift.
func (s *Server) realTime() time.Time { return s.now().Add(-s.offset) }

// Handler serves everything that users, programs and gateways see.
func (s *Server) Handler() http.Handler { return s.observe(s.routes()) }
