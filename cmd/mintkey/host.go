package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"mintkey/configs"
	"mintkey/logs"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/console"
	"mintkey/server/console/openid"
	"mintkey/server/leaks"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

// host is a server with its addresses, store and signing keys. Use it in the order listen, open, run, close.
type host struct {
	config  configs.Config
	log     *slog.Logger
	outages *logs.Outages // of what is repeated
	now     func() time.Time
	offset  time.Duration // of now from the real time
	signals signals       // may be zero

	public, admin, ops net.Listener                   // admin is nil when it is with public, ops when it is off
	certificate        *certificate                   // nil for plain http
	warnings           []string                       // about how the server is set up
	openSecrets        atomic.Pointer[[]string]       // warnings about files as they were when somebody last looked
	secrets            atomic.Pointer[configs.Config] // the settings with the secrets that are in use now
	channels           []*replaceable                 // those that have secrets
	tunesGC            bool                           // whether GOGC is left to the server
	store              store.Store
	clocks             *store.AgreedTime
	watch              *store.Watch // notices when the store is no longer the one that was opened
	gate               *store.Gate  // the store as everything but maintenance of the store itself uses it
	ring               *tokens.KeyRing
	trace              tracer    // nil for none
	agreed             agreement // whether the settings are those of the store
}

// listen is called first, so that a second server on the machine fails before it touches the store.
func (h *host) listen(ctx context.Context) (err error) {
	if h.public, err = listenAt(ctx, "listen", h.config.Listen); err != nil {
		return err
	}
	h.public = bound(h.public, h.config.MaxConnections, h.log)
	if h.config.AdminListen != "" {
		if h.admin, err = listenAt(ctx, "admin_listen", h.config.AdminListen); err != nil {
			return err
		}
		h.admin = bound(h.admin, h.config.MaxConnections, h.log)
	}
	if h.config.OpsListen != "" {
		h.ops, err = listenAt(ctx, "ops_listen", h.config.OpsListen)
	}
	return err
}

func listenAt(ctx context.Context, setting, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", setting, address, err)
	}
	return listener, nil
}

// open opens the store. It logs a warning about an unsafe store, or refuses it where store_strict is set.
func (h *host) open(ctx context.Context) (err error) {
	if h.store, err = openStoreSaying(ctx, h.config, h.log, slog.LevelInfo, boltstore.OpenAtOnce); err != nil {
		return err
	}
	h.gate = store.NewGate(h.store)
	h.clocks = h.agreedTime()
	if err := upgradeIfFile(ctx, h.config, h.store, h.log, h.now()); err != nil {
		return err
	}
	if err := h.agree(ctx); err != nil {
		return err
	}
	if err := beginHistory(ctx, h.store, h.config, h.now()); err != nil {
		return err
	}
	h.watch = store.NewWatch(h.store, h.gate, h.log)
	h.outages.Ask(func(ctx context.Context) bool {
		_ = h.watch.Confirm(ctx, h.now()) // which is what Lost says then
		return h.watch.Lost() != nil
	})
	if cached, ok := h.store.(interface{ DropCaches() }); ok {
		h.watch.OnChange(cached.DropCaches)
	}
	if err := h.watch.Check(ctx, h.now()); err != nil {
		return err
	}
	warnings, err := h.store.Warnings(ctx)
	if err != nil {
		return fmt.Errorf("examine the store: %w", err)
	}
	for _, warning := range warnings {
		if h.config.StoreStrict {
			return fmt.Errorf("store_strict is set and the store is unsafe: %s", warning)
		}
		h.log.WarnContext(ctx, "store unsafe", slog.String("because", warning))
		h.warnings = append(h.warnings, "store: "+warning)
	}
	return nil
}

// agreedTime is nil for a rehearsal: a clock that was shifted on purpose counts as agreed.
func (h *host) agreedTime() *store.AgreedTime {
	if h.offset != 0 {
		return nil
	}
	agreed := &store.AgreedTime{Documents: h.gate, Log: h.log}
	if clock, ok := h.store.(interface {
		Time(context.Context) (time.Time, error)
	}); ok {
		agreed.StoreTime = clock.Time
	}
	return agreed
}

// warnWithoutAccounts warns about a store without accounts, which may be the wrong one: clients whose secret is refused stop for good.
func (h *host) warnWithoutAccounts(ctx context.Context) error {
	some, err := h.store.Accounts(ctx, store.Page{Limit: 1})
	if err != nil || len(some) > 0 {
		return err
	}
	name := h.config.Store.String()
	h.log.WarnContext(ctx, "the store has no accounts, so every client is refused: set store to the right one, or run mintkey init",
		slog.String("store", name))
	h.warnings = append(h.warnings, "store: "+name+" has no accounts, so every client is refused")
	return nil
}

// damaged is closed once the store's file turns out to be damaged; it is nil for a store of another kind.
func (h *host) damaged() <-chan struct{} {
	if bolt, ok := h.store.(*boltstore.Store); ok {
		return bolt.Damaged()
	}
	return nil
}

func (h *host) damage() error {
	bolt, ok := h.store.(*boltstore.Store)
	if !ok || bolt.Damage() == nil {
		return nil
	}
	path, _ := storeFile(h.config)
	return damageAdvice(path, fmt.Errorf("store %s: %w", path, bolt.Damage()))
}

// issuer can be called once the address is bound.
func (h *host) issuer() string { return h.config.IssuerAt(h.public.Addr().String()) }

// newServer opens the signing keys and wires the server.
func (h *host) newServer(ctx context.Context) (*server.Server, error) {
	h.secrets.Store(&h.config)
	h.warnOfOpenSecrets(ctx)
	audiences, algorithms := h.audiences()
	sealer, err := h.sealer(ctx)
	if err != nil {
		return nil, err
	}
	if sealer == nil && h.config.StoreStrict {
		return nil, errors.New("store_strict is set and the signing keys would be stored in clear: set signing_keys.encryption_key")
	}
	options := tokens.Options{
		Algorithms: algorithms, Sealer: sealer, TokenLifetime: h.config.Tokens.Lifetime, RotateEvery: h.config.SigningKeys.RotateEvery,
		Agreed: h.clocks, Confirm: func(ctx context.Context) error { return h.watch.Confirm(ctx, h.now()) },
	}
	ring, err := tokens.OpenKeyRing(ctx, h.gate, options, h.now())
	if errors.Is(err, tokens.ErrWrongKeyEncryptionKey) {
		return nil, fmt.Errorf("%w: %s", err, h.whereKeyGoes())
	}
	if err != nil {
		return nil, fmt.Errorf("open the signing keys: %w", err)
	}
	h.ring = ring
	if ring.Unprotected() {
		h.log.WarnContext(ctx, "THE SIGNING KEYS ARE STORED IN CLEAR: anybody who can read the store can make tokens; "+
			"set signing_keys.encryption_key (openssl rand -base64 32), the same for every server",
			slog.String("setting", "signing_keys.encryption_key"))
		h.warnings = append(h.warnings, "signing_keys.encryption_key: not set, so the signing keys are stored in clear")
	}
	githubKeys, err := h.githubKeys()
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		Store:           h.gate,
		KeyRing:         ring,
		Hasher:          passwords.NewHasher(passwords.Options{}),
		Issuer:          h.issuer(),
		ConsoleURL:      h.config.ConsoleURL,
		DocsURL:         h.config.DocsURL,
		Audiences:       audiences,
		TokenLifetime:   h.config.Tokens.Lifetime,
		Catalogue:       policy.Catalogue(h.config.Scopes),
		ClientIDPrefix:  h.config.ClientID.Prefix,
		ClientIDSuffix:  h.config.ClientID.Suffix,
		TrustedProxies:  h.config.TrustedProxies,
		Log:             h.log,
		Outages:         h.outages,
		Now:             h.now,
		ClockOffset:     h.offset,
		Mail:            h.config.SMTP.URL.Reveal() != "",
		Agreed:          h.clocks,
		Watch:           h.watch,
		NeedsAccounts:   h.config.StoreStrict,
		PasswordSunset:  h.config.Passwords.Sunset,
		Version:         thisBuild().Version,
		Revision:        thisBuild().Revision,
		Profiling:       h.config.OpsPprof,
		Trace:           h.trace,
		Warnings:        h.warnings,
		WarningsNow:     h.warningsNow,
		OpenID:          h.openID(),
		Certificate:     h.watchedCertificate(),
		QuotaReportOnly: h.config.QuotaReportOnly,
		GitHubKeys:      githubKeys,
	})
}

// githubKeys reads the public keys that verify reports of leaked secrets. It is nil when none are configured.
func (h *host) githubKeys() (func() (leaks.GitHubKeys, error), error) {
	path := h.config.Leaks.GitHubKeys
	if path == "" {
		return nil, nil //nolint:nilnil // reports are not verified then
	}
	read := func() (leaks.GitHubKeys, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		keys, err := leaks.ParseGitHubKeys(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return keys, nil
	}
	if _, err := read(); err != nil {
		return nil, fmt.Errorf("leaks.github_keys: %w", err)
	}
	return read, nil
}

// watchedCertificate is nil for plain http, which a nil *certificate in the interface would not be.
func (h *host) watchedCertificate() server.Certificate {
	if h.certificate == nil {
		return nil
	}
	return h.certificate
}

func (h *host) openID() console.OpenID {
	set := h.config.OIDC
	if set.Issuer == "" {
		return console.OpenID{}
	}
	return console.OpenID{
		Options: openid.Options{
			Issuer: set.Issuer, ClientID: set.ClientID, ClientSecret: providerSecret{&h.secrets}, AssumeEmailVerified: set.AssumeEmailVerified,
		},
		Name: set.DisplayName(), Account: set.Account, Only: set.Only,
	}
}

// audiences are those configured and the issuer.
func (h *host) audiences() (audiences []server.Audience, algorithms []tokens.Algorithm) {
	for _, name := range append(h.config.APIAudiences(h.issuer()), h.issuer()) {
		algorithm := tokens.Algorithm(h.config.AlgorithmFor(name))
		audiences = append(audiences, server.Audience{Name: name, Algorithm: algorithm})
		algorithms = append(algorithms, algorithm)
	}
	return audiences, algorithms
}

// sealer encrypts the signing keys in the store. It is nil when no encryption key is set, unless the store is a file: then the key is
// kept in a file beside it, so that a copy of the store alone is useless.
func (h *host) sealer(ctx context.Context) (sealer *tokens.Sealer, err error) {
	var key [32]byte
	_, isFile := h.config.BoltPath()
	switch set := h.config.SigningKeys; {
	case set.EncryptionKeyFile != "":
		if key, err = readEncryptionKeyFile(set.EncryptionKeyFile); err != nil {
			return nil, fmt.Errorf("signing_keys.encryption_key_file: %w", err)
		}
	case set.EncryptionKey.Reveal() != "":
		key, err = tokens.ParseKeyEncryptionKey(set.EncryptionKey.Reveal())
	case isFile:
		key, err = h.keyBesideStore(ctx, keyFile(h.config))
	default:
		return sealer, nil
	}
	if err != nil {
		return nil, fmt.Errorf("signing_keys: %w", err)
	}
	return tokens.NewSealer(key), nil
}

// keyBesideStore makes the file only for a store that needs no other: a new key opens nothing that an old one has encrypted.
func (h *host) keyBesideStore(ctx context.Context, path string) (key [32]byte, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		needed, err := tokens.NeedsKeyEncryptionKey(ctx, h.store)
		if err != nil {
			return key, err
		}
		if needed {
			return key, fmt.Errorf("the store was used with a key-encryption key that is not here: %s", h.whereKeyGoes())
		}
	}
	return tokens.LoadOrCreateKeyEncryptionKey(path)
}

// whereKeyGoes tells an operator where the key-encryption key of the store can be given.
func (h *host) whereKeyGoes() string {
	places := "set signing_keys.encryption_key_file or signing_keys.encryption_key to the one that this store was used with before"
	if _, isFile := h.config.BoltPath(); isFile {
		places += "; without either it is read from " + keyFile(h.config)
	}
	return places
}

func readEncryptionKeyFile(path string) ([32]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return [32]byte{}, err
	}
	key, err := tokens.ParseKeyEncryptionKey(string(text))
	if err != nil {
		return key, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func (h *host) close() error {
	var err error
	for _, listener := range []net.Listener{h.public, h.admin, h.ops} {
		if listener != nil {
			_ = listener.Close() // a graceful stop has closed it already
		}
	}
	if h.store != nil {
		err = h.store.Close()
	}
	return err
}
