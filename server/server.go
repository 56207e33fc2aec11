package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/console"
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
	Version        string
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
	version   string

	office    *admin.Office
	errors    errorTable
	generator *generator
	access    *accessRecorder
	metrics   *metrics
	console   http.Handler // nil where the store keeps no sessions
}

// New wires a server. It starts nothing: Run does.
func New(o Options) (*Server, error) {
	if len(o.Audiences) == 0 {
		return nil, errors.New("server: at least one audience is needed")
	}
	s := &Server{
		store: o.Store, ring: o.KeyRing, issuer: o.Issuer, audiences: o.Audiences, lifetime: o.TokenLifetime,
		catalogue: o.Catalogue, proxies: o.TrustedProxies,
		log: o.Log, now: o.Now, offset: o.ClockOffset, version: o.Version,
		errors: renderings(), access: newAccessRecorder(), metrics: newMetrics(),
	}
	s.generator = newGenerator(s.ring)
	s.office = &admin.Office{
		Store: s.store, Catalogue: s.catalogue, ClientIDPrefix: o.ClientIDPrefix, ClientIDSuffix: o.ClientIDSuffix,
		NextStatusIndex: tokens.NewStatusIndexes(s.store).Next,
		Revoked:         func(context.Context, admin.Actor, string, string, []uint64) {},
		RecentAccess:    s.access.overlay, Log: s.log,
	}
	if pages, ok := s.store.(console.Store); ok {
		var err error
		if s.console, err = s.newConsole(pages); err != nil {
			return nil, err
		}
	}
	return s, nil
}

const (
	flushEvery   = time.Second     // how far last access may lag; the rule allows 60 s (R7)
	refreshEvery = 5 * time.Second // how soon a replica sees the signing keys that another one made
)

// Run does the work that belongs to no request, until ctx ends: it saves access times and follows the rotation of signing
// keys. It saves what is left before it returns nil.
func (s *Server) Run(ctx context.Context) error {
	flush, refresh := time.NewTicker(flushEvery), time.NewTicker(refreshEvery)
	defer flush.Stop()
	defer refresh.Stop()
	for {
		select {
		case <-flush.C:
			s.flushAccess(ctx)
		case <-refresh.C:
			if err := s.ring.Refresh(ctx, s.now()); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "signing keys could not be refreshed; going on with those known", slog.Any("error", err))
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			s.flushAccess(last)
			return nil
		}
	}
}

// Handler serves everything that users, programs and gateways see.
func (s *Server) Handler() http.Handler { return s.observe(s.routes()) }
