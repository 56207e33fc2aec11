package server_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

const versionOne = "../store/testdata/v1/"

// upgradedStore opens a copy of the store of version 1, upgraded.
func upgradedStore(t *testing.T, now time.Time) store.Store {
	t.Helper()
	packed, err := os.Open(versionOne + "store.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	reader, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mintkey.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := store.Upgrade(t.Context(), s, now, false); err != nil {
		t.Fatal(err)
	}
	return s
}

// The secrets of version 1 that worked then work after the upgrade, and no other.
func TestSecretsOfVersionOne(t *testing.T) {
	var known struct {
		MadeAt time.Time `json:"made_at"`
		Issuer string    `json:"issuer"`
		Keys   map[string]struct {
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
		} `json:"keys"`
	}
	text, err := os.ReadFile(versionOne + "known.json")
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := os.ReadFile(versionOne + "sealing-key")
	if err != nil {
		t.Fatal(err)
	}
	key, err := tokens.ParseKeyEncryptionKey(string(sealing))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return known.MadeAt }
	s := upgradedStore(t, now())
	options := tokens.Options{Algorithms: []tokens.Algorithm{tokens.ES256}, Sealer: tokens.NewSealer(key), TokenLifetime: tokenLifetime}
	ring, err := tokens.OpenKeyRing(t.Context(), s, options, now())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Options{
		Store: s, KeyRing: ring, Issuer: known.Issuer, TokenLifetime: tokenLifetime,
		Log: slog.New(slog.DiscardHandler), Now: now, Version: "test",
		Audiences: []server.Audience{{Name: known.Issuer, Algorithm: tokens.ES256}}, Catalogue: policy.Catalogue{"api"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range known.Keys {
		want := http.StatusOK
		if name == "expired" || name == "gone" {
			want = http.StatusUnauthorized
		}
		form := url.Values{"grant_type": {"client_credentials"}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth2/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(key.ClientID, key.ClientSecret)
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, want)
		}
	}
}

// While the data is of a later version, changes are refused, and tokens go on.
func TestDataOfALaterVersion(t *testing.T) {
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	gate := store.NewGate(opened)
	w := newWorldOn(t, gate)
	token := bearer(w.tokenOf(w.ada, ""))
	readyz := func() string {
		answer := httptest.NewRecorder()
		w.server.OpsHandler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
		if answer.Code != http.StatusOK {
			t.Errorf("readyz: %d %s", answer.Code, answer.Body)
		}
		return answer.Body.String()
	}
	gate.Set(store.ErrSchemaTooNew)
	w.exchange(w.mia)
	w.post(token, "/admin/v1/accounts/acme/users", map[string]any{"email": "new@example.com"}).wantCode(503, "unavailable")
	if body := readyz(); !strings.Contains(body, "refused: the store was written by a later version of mintkey") {
		t.Errorf("readyz does not say that changes are refused: %s", body)
	}
	gate.Set(nil)
	if body := readyz(); strings.Contains(body, "refused") {
		t.Errorf("readyz still says so: %s", body)
	}
}
