package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/adminapi/openapitest"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/budgettest"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
	"mintkey/tokens"
)

const (
	issuer        = "https://mintkey.example"
	tokenLifetime = 15 * time.Minute
)

// start is when every test begins. Its fraction of a second catches code that forgets to truncate it.
var start = time.Date(2026, 3, 2, 9, 0, 0, 250_000_000, time.UTC)

// world is a server with two accounts and people of every role, its clock and all that it logs.
type world struct {
	*testing.T
	handler http.Handler
	server  *server.Server
	store   store.Store
	ring    *tokens.KeyRing
	hasher  *passwords.Hasher
	clock   *clock
	log     *logBuffer
	people
	secrets *secrets
}

// newWorld is a world on boltstore.
func newWorld(t *testing.T, change ...func(*server.Options)) *world {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOn(t, budgettest.Bolt{Store: opened}, change...)
}

// onEachStore runs a test on boltstore and on a real Redis.
func onEachStore(t *testing.T, test func(w *world)) {
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		test(newWorld(t))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		opened, err := redisstore.Open(t.Context(), redistest.Start(t).URL())
		if err != nil {
			t.Fatal(err)
		}
		test(newWorldOn(t, budgettest.Redis{Store: opened}))
	})
}

func newWorldOn(t *testing.T, opened store.Store, change ...func(*server.Options)) *world {
	t.Helper()
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	w := &world{
		T: t, store: opened, hasher: passwords.NewHasher(passwords.Options{}), clock: &clock{at: start}, log: &logBuffer{}, secrets: &secrets{},
	}
	var err error
	w.ring, err = tokens.OpenKeyRing(t.Context(), opened, tokens.Options{
		Algorithms: []tokens.Algorithm{tokens.ES256, tokens.EdDSA}, TokenLifetime: tokenLifetime,
	}, start)
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.serve(change...)
	t.Cleanup(func() { w.secrets.searchIn(t, "the log", w.log.String()) })
	return w
}

// serve replaces the server by one with other options, on the same store.
func (w *world) serve(change ...func(*server.Options)) {
	w.Helper()
	options := server.Options{
		Store: w.store, KeyRing: w.ring, Hasher: w.hasher, Issuer: issuer, TokenLifetime: tokenLifetime, ClientIDPrefix: "mk_",
		Audiences: []server.Audience{
			{Name: "https://api.example", Algorithm: tokens.ES256},
			{Name: "https://other.example", Algorithm: tokens.ES256},
			{Name: "https://edge.example", Algorithm: tokens.EdDSA},
			{Name: issuer, Algorithm: tokens.ES256},
		},
		Catalogue: policy.Catalogue{"api", "reports"},
		Log:       slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:       w.clock.now, Version: "test",
	}
	for _, c := range change {
		c(&options)
	}
	var err error
	if w.server, err = server.New(options); err != nil {
		w.Fatal(err)
	}
	checker := openapitest.Handler(w, w.server.Handler())
	coverage.Lock()
	coverage.checkers = append(coverage.checkers, checker)
	coverage.Unlock()
	w.handler = checker
}

// run starts the server's background work and returns a function that ends it and waits.
func (w *world) run() (stop func()) {
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan error, 1)
	running := w.server // a test may replace it meanwhile
	go func() { done <- running.Run(ctx) }()
	return func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("Run: %v", err)
		}
	}
}

// clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *clock) advance(d time.Duration) { c.set(c.now().Add(d)) }

// logBuffer keeps what the server logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
