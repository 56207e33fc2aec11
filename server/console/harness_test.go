package console_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/budgettest"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
	"mintkey/tokens"
)

// start is the time at which every test begins.
var start = time.Date(2026, 3, 2, 9, 0, 0, 250_000_000, time.UTC)

const password = "correct horse"

// harness is a complete server on a real port, with users of every role. Its clock stands still until a test moves it.
type harness struct {
	*testing.T
	url     string
	path    string // of the store's file; empty without one
	store   store.Store
	service *admin.Service // for test data and checks that need no page
	server  *server.Server
	hasher  *passwords.Hasher
	mu      sync.Mutex
	at      time.Time
}

func (h *harness) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *harness) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func (h *harness) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// passwordHash is made once: argon2id is slow on purpose.
var passwordHash = sync.OnceValues(func() (string, error) {
	return passwords.NewHasher(passwords.Options{}).Hash(context.Background(), password)
})

// newHarness creates the account acme with the tenants berlin, which most tests use, lisbon and the empty oslo; and the account rival.
// Ada administers the account, Tom the tenant berlin; Grace owns keys; Hal is disabled; Rita belongs to rival.
func newHarness(t *testing.T, change ...func(*server.Options)) *harness {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mintkey.db")
	opened, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return newHarnessOn(t, budgettest.Bolt{Store: opened}, path, change...)
}

// onEachStore runs a test on each kind of store.
func onEachStore(t *testing.T, test func(t *testing.T, h *harness)) {
	t.Run("bolt", func(t *testing.T) { test(t, newHarness(t)) })
	t.Run("redis", func(t *testing.T) { test(t, newHarnessOnRedis(t)) })
}

func newHarnessOnRedis(t *testing.T) *harness {
	t.Helper()
	opened, err := redisstore.Open(t.Context(), redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	return newHarnessOn(t, budgettest.Redis{Store: opened}, "")
}

func newHarnessOn(t *testing.T, opened store.Store, path string, change ...func(*server.Options)) *harness {
	t.Helper()
	h := &harness{T: t, at: start, path: path, store: opened, hasher: passwords.NewHasher(passwords.Options{})}
	t.Cleanup(func() { h.must(h.store.Close()) })
	ring, err := tokens.OpenKeyRing(t.Context(), h.store, tokens.Options{
		Algorithms: []tokens.Algorithm{tokens.ES256}, TokenLifetime: 15 * time.Minute,
	}, start)
	h.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	h.url = "http://" + listener.Addr().String()
	options := server.Options{
		Store: h.store, KeyRing: ring, Hasher: h.hasher, Issuer: h.url, TokenLifetime: 15 * time.Minute, ClientIDPrefix: "mk_",
		Audiences: []server.Audience{{Name: h.url, Algorithm: tokens.ES256}}, Catalogue: policy.Catalogue{"api", "reports"},
		Log: slog.New(slog.DiscardHandler), Now: h.now, Version: "test",
	}
	for _, c := range change {
		c(&options)
	}
	h.server, err = server.New(options)
	h.must(err)
	running := &httptest.Server{Listener: listener, Config: &http.Server{Handler: h.server.Handler()}}
	running.Start()
	t.Cleanup(running.Close)
	h.service = &admin.Service{
		Store: h.store, Hasher: h.hasher, Catalogue: options.Catalogue, ClientIDPrefix: options.ClientIDPrefix,
		NextStatusIndex: tokens.NewStatusIndexes(h.store).Next,
		Revoked:         func(context.Context, policy.Event) error { return nil },
	}
	h.fill()
	return h
}

func (h *harness) fill() {
	h.Helper()
	for id, name := range map[string]string{"acme": "Acme Corporation", "rival": "Rival Ltd"} {
		made := start.Add(-400 * policy.Day)
		h.must(h.store.CreateAccount(h.Context(), policy.Account{
			ID: id, Name: name, CreatedAt: made, Expiration: policy.DefaultExpirationPolicy(made),
		}))
	}
	h.tenant("acme", "berlin", "Berlin", "24.3")
	h.tenant("acme", "lisbon", "Lisbon", "23.4")
	h.tenant("acme", "oslo", "Oslo", "25.1")
	h.tenant("rival", "rome", "Rome", "24.3")
	h.user("acme", "ada", "Ada Lovelace", policy.RoleAccountAdmin)
	h.user("acme", "tom", "Tom Kilburn")
	h.user("acme", "grace", "Grace Hopper")
	h.user("acme", "linus", "Linus Torvalds")
	h.user("acme", "hal", "Hal Abelson")
	h.user("rival", "rita", "Rita Levi-Montalcini", policy.RoleAccountAdmin)
	h.member("berlin", "ada", policy.RoleTenantAdmin)
	h.member("berlin", "tom", policy.RoleTenantAdmin)
	h.member("lisbon", "tom", policy.RoleMember)
	h.member("berlin", "grace", policy.RoleMember)
	h.member("lisbon", "grace", policy.RoleMember)
	h.member("berlin", "linus", policy.RoleMember)
	h.member("berlin", "hal", policy.RoleMember)
	h.member("rome", "rita", policy.RoleTenantAdmin)
	h.must(h.store.UpdateUser(h.Context(), "acme", "hal", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Disabled = true
		return u, nil, nil
	}))
}

func (h *harness) tenant(account, id, name, release string) {
	h.Helper()
	parsed, err := policy.ParseRelease(release)
	h.must(err)
	h.must(h.store.CreateTenant(h.Context(), policy.Tenant{
		ID: id, AccountID: account, Name: name, Release: parsed, CreatedAt: start.Add(-400 * policy.Day),
	}))
}

func (h *harness) user(account, id, name string, roles ...policy.Role) {
	h.Helper()
	hash, err := passwordHash()
	h.must(err)
	h.must(h.store.CreateUser(h.Context(), policy.User{
		ID: id, AccountID: account, Name: name, Email: id + "@" + account + ".example", Roles: roles,
		PasswordHash: hash, CreatedAt: start.Add(-390 * policy.Day),
	}))
}

func (h *harness) member(tenant, user string, role policy.Role) {
	h.Helper()
	h.must(h.store.UpdateMembership(h.Context(), tenant, user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRole(role, start.Add(-380*policy.Day))
		return m, nil, err
	}))
}

// key creates an access key of the given age, as Ada.
func (h *harness) key(tenant, user, label string, ageDays int) (clientID, secret string) {
	h.Helper()
	actor := h.adaAt(h.now().Add(-time.Duration(ageDays) * policy.Day))
	place, err := h.service.Resolve(h.Context(), actor, "", tenant)
	h.must(err)
	key, made, err := h.service.CreateKey(h.Context(), actor, place, admin.NewKey{UserID: user, Label: label, Scopes: []string{"api"}})
	h.must(err)
	return key.ClientID, made.Reveal()
}

// waiting creates an access key for pick-up and returns the path of its link.
func (h *harness) waiting(tenant, user, label string) string {
	h.Helper()
	actor := h.adaAt(h.now())
	place, err := h.service.Resolve(h.Context(), actor, "", tenant)
	h.must(err)
	_, link, err := h.service.CreateKeyForPickUp(h.Context(), actor, place, admin.NewKey{UserID: user, Label: label, Scopes: []string{"api"}})
	h.must(err)
	return "/console/pick-up/" + link.Code
}

// adaAt is Ada in berlin, who acts at the time.
func (h *harness) adaAt(at time.Time) admin.Actor {
	h.Helper()
	subject, err := h.store.Subject(h.Context(), "berlin", "ada")
	h.must(err)
	return admin.Actor{Subject: subject, Scopes: subject.Cut(policy.AdministrationScopes(), nil), Via: "console", Address: "192.0.2.7", At: at}
}

// used records the last use of a key in berlin.
func (h *harness) used(clientID string, ago time.Duration) {
	h.Helper()
	h.must(h.store.RecordAccess(h.Context(), map[store.KeyRef]store.KeyAccess{
		{TenantID: "berlin", ClientID: clientID}: {At: h.now().Add(-ago)},
	}))
}
