package e2e_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mintkey/store/redisstore"
	"mintkey/tokens"
)

// site is an API behind gateways, with the Mintkey server that they trust.
type site struct {
	*deployment
	upstream *upstream
	secure   *httptest.Server // the same Mintkey through https
	caFile   string           // the certificate of secure
	asker    accessKey        // of the gateways themselves, to introspect with
	ring     *tokens.KeyRing  // the signing keys, as one more replica would hold them: what it signs, the issuer has signed
}

const (
	siteAudience  = "https://api.example.com" // as in configs/gateways
	otherAudience = "https://billing.example.com"
	tokenLifetime = 15 * time.Minute
	// publishBefore is how long before it signs a key that the test's replica makes is published: longer than the ten seconds in which
	// verify and the Node gateway ask for keys once at most, and shorter than the ten minutes of a real replica.
	publishBefore = 12 * time.Second
)

func newSite(t *testing.T, extra ...string) *site {
	t.Helper()
	settings := []string{"MINTKEY_SCOPES=api,reports", "MINTKEY_TOKENS_AUDIENCES=" + siteAudience + "," + otherAudience}
	s := &site{deployment: deploy(t, "redis", 1, append(settings, extra...)...), upstream: newUpstream(t)}
	issuer, err := url.Parse(s.issuer())
	if err != nil {
		t.Fatal(err)
	}
	s.secure = httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(issuer) },
		ErrorLog: log.New(io.Discard, "", 0), // the issuer is away in one of the tests
	})
	t.Cleanup(s.secure.Close)
	s.caFile = filepath.Join(s.folder(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.secure.Certificate().Raw})
	if err := os.WriteFile(s.caFile, certificate, 0o644); err != nil {
		t.Fatal(err)
	}
	s.asker = s.newKeyFor(s.first.UserID, s.first.TenantID, "tokens:introspect")
	s.ring = s.joinKeyRing()
	return s
}

// joinKeyRing opens the store as one more replica.
func (s *site) joinKeyRing() *tokens.KeyRing {
	s.t.Helper()
	store, err := redisstore.Open(s.t.Context(), s.redis.url())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	keyEncryptionKey, err := tokens.ParseKeyEncryptionKey(encryptionKey)
	if err != nil {
		s.t.Fatal(err)
	}
	ring, err := tokens.OpenKeyRing(s.t.Context(), store, tokens.Options{
		Algorithms: []tokens.Algorithm{tokens.ES256}, Sealer: tokens.NewSealer(keyEncryptionKey),
		TokenLifetime: tokenLifetime, PublishBefore: publishBefore,
	}, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return ring
}

// newKeyFor creates an access key with one scope.
func (s *site) newKeyFor(userID, tenantID, scope string) accessKey {
	s.t.Helper()
	var key accessKey
	s.admin.must(http.StatusCreated, http.MethodPost, "/admin/v1/tenants/"+tenantID+"/keys",
		map[string]any{"user_id": userID, "scopes": []string{scope}}, &key)
	return key
}

// client makes a member with an access key of the scope "api".
func (s *site) client(userID string) accessKey {
	s.t.Helper()
	s.addMember(userID)
	return s.newKeyFor(userID, s.first.TenantID, "api")
}

// folder is a new folder that the children of Apache can read, which are not root.
func (s *site) folder() string {
	s.t.Helper()
	dir := s.t.TempDir()
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	return dir
}

// install copies a file of configs/gateways into the folder, with the addresses of this site in place of those in the file.
func (s *site) install(g *gateway, name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("../configs/gateways", name))
	if err != nil {
		s.t.Fatal(err)
	}
	adapted := strings.NewReplacer(
		"127.0.0.1:8000", g.address, "127.0.0.1:3000", s.upstream.address(), "127.0.0.1:8080", s.address(), "127.0.0.1:8443", s.secureAddress(),
		"/etc/ssl/certs/ca-certificates.crt", s.caFile,
		"/etc/nginx/mintkey", g.folder, "/etc/apache2/mintkey", g.folder, "/etc/haproxy/mintkey", g.folder,
		"berlin", s.first.TenantID,
	).Replace(string(text))
	return g.write(filepath.Base(name), adapted)
}

func (s *site) address() string       { return strings.TrimPrefix(s.issuer(), "http://") }
func (s *site) secureAddress() string { return strings.TrimPrefix(s.secure.URL, "https://") }
