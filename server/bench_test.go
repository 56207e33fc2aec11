package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

// BenchmarkToken is one token by client credentials, from the request to the answer, on the embedded store.
func BenchmarkToken(b *testing.B) {
	handler, id, secret, _ := benchServer(b)
	fetchTokens(b, handler, id, secret)
}

// BenchmarkTokenOfALimitedKey compares a key without limits with one that has all that are checked on the way to a token (R33), but for
// the quota, which is counted in the store. 100,000 other keys have limits too; -short leaves these out.
func BenchmarkTokenOfALimitedKey(b *testing.B) {
	handler, id, secret, s := benchServer(b)
	if !testing.Short() {
		seedLimitedKeys(b, s, 100_000)
	}
	for _, row := range []struct {
		name  string
		patch policy.KeyPatch
	}{
		{"no limits", policy.KeyPatch{}},
		{"one network and an end", policy.KeyPatch{AllowedNetworks: &[]string{"192.0.2.0/24"}, ExpiresAt: new(start.Add(policy.Day))}},
		{"all, and the most networks", policy.KeyPatch{
			AllowedNetworks: new(networks(policy.MaxAllowedNetworks)), ExpiresAt: new(start.Add(policy.Day)), TokenLifetimeSeconds: new(300),
		}},
	} {
		limitKey(b, s, "u", row.patch)
		b.Run(row.name, func(b *testing.B) { fetchTokens(b, handler, id, secret) })
	}
}

// networks ends with the one that requests of the benchmark come from.
func networks(n int) []string {
	var all []string
	for i := range n - 1 {
		all = append(all, fmt.Sprintf("10.%d.0.0/16", i))
	}
	return append(all, "192.0.2.0/24")
}

func limitKey(b *testing.B, s store.Store, user string, patch policy.KeyPatch) {
	b.Helper()
	err := s.UpdateMembership(b.Context(), "t", user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		var err error
		m.Keys[0], err = m.Keys[0].Patched(patch)
		return m, nil, err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// seedLimitedKeys makes users with two keys each. Writes at once share a transaction.
func seedLimitedKeys(b *testing.B, s store.Store, keys int) {
	b.Helper()
	var group sync.WaitGroup
	free := make(chan struct{}, 500)
	for i := range keys / policy.MaxKeys {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			id := fmt.Sprint("user", i)
			if err := s.CreateUser(b.Context(), policy.User{ID: id, AccountID: "a", Email: id + "@example.com"}); err != nil {
				b.Error(err)
			}
			err := s.UpdateMembership(b.Context(), "t", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m, err := m.WithRole(policy.RoleMember, start)
				for n := range policy.MaxKeys {
					m.Keys = append(m.Keys, policy.AccessKey{
						ClientID: fmt.Sprint("mk_", i, "_", n), Scopes: []string{"api"}, CreatedAt: start, AllowedNetworks: networks(3),
						ExpiresAt: start.Add(policy.Day), TokenLifetimeSeconds: 300, Secrets: []policy.Secret{{
							Digest: policy.ClientSecretFromRequest(fmt.Sprint(i, n)).Digest(), IssuedAt: start,
						}},
					})
				}
				return m, nil, err
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
}

// fetchTokens uses one request and one recorder over and over: what is counted is what the server allocates, and nothing of httptest's.
func fetchTokens(b *testing.B, handler http.Handler, id string, secret policy.ClientSecret) {
	b.Helper()
	form := strings.NewReader("")
	r := httptest.NewRequest(http.MethodPost, "/oauth2/token", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret.Reveal())
	r.Body = io.NopCloser(form)
	w := &leastWriter{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		form.Reset("grant_type=client_credentials")
		r.ContentLength = int64(form.Len())
		clear(w.header)
		w.status, w.size = http.StatusOK, 0
		handler.ServeHTTP(w, r)
		if w.status != http.StatusOK || w.size == 0 {
			b.Fatal(w.status, w.size)
		}
	}
}

// leastWriter is the least that a handler can write to.
type leastWriter struct {
	header       http.Header
	status, size int
}

func (a *leastWriter) Header() http.Header    { return a.header }
func (a *leastWriter) WriteHeader(status int) { a.status = status }

func (a *leastWriter) Write(body []byte) (int, error) {
	a.size += len(body)
	return len(body), nil
}

func benchServer(b *testing.B) (http.Handler, string, policy.ClientSecret, store.Store) {
	b.Helper()
	opened, err := boltstore.Open(filepath.Join(b.TempDir(), "mintkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.Close() })
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}, TokenLifetime: tokenLifetime}
	ring, err := tokens.OpenKeyRing(b.Context(), opened, options, start)
	if err != nil {
		b.Fatal(err)
	}
	s, err := server.New(server.Options{
		Store: unlimited{opened}, KeyRing: ring, Hasher: passwords.NewHasher(passwords.Options{}),
		Issuer: issuer, TokenLifetime: tokenLifetime, Catalogue: policy.Catalogue{"api"},
		Audiences: []server.Audience{{Name: issuer, Algorithm: tokens.ES256}},
		Log:       slog.New(slog.DiscardHandler), Now: func() time.Time { return start },
	})
	if err != nil {
		b.Fatal(err)
	}
	release, err := policy.ParseRelease("24.3")
	if err != nil {
		b.Fatal(err)
	}
	secret := policy.NewClientSecret([32]byte{1})
	key := policy.AccessKey{
		ClientID: "mk_bench", Scopes: []string{"api"}, CreatedAt: start,
		Secrets: []policy.Secret{{Digest: secret.Digest(), IssuedAt: start}},
	}
	for _, err := range []error{
		opened.CreateAccount(b.Context(), policy.Account{ID: "a", Name: "A", Expiration: policy.DefaultExpirationPolicy(start)}),
		opened.CreateTenant(b.Context(), policy.Tenant{ID: "t", AccountID: "a", Name: "T", Release: release}),
		opened.CreateUser(b.Context(), policy.User{ID: "u", AccountID: "a", Email: "u@example.com"}),
		opened.UpdateMembership(b.Context(), "t", "u", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, start)
			m.Keys = []policy.AccessKey{key}
			return m, nil, err
		}),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	settleOldTenant(b, opened)
	return s.Handler(), key.ClientID, secret, opened
}
