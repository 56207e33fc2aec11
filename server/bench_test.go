package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

// BenchmarkToken is one token by client credentials, from the request to the answer, on the embedded store.
func BenchmarkToken(b *testing.B) {
	handler, id, secret := benchServer(b)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("grant_type=client_credentials"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(id, secret.Reveal())
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func benchServer(b *testing.B) (http.Handler, string, policy.ClientSecret) {
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
	return s.Handler(), key.ClientID, secret
}
