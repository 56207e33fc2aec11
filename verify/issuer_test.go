package verify_test

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	audience = "https://api.example.com"
	listPath = "/oauth2/status-lists/0"
)

type object = map[string]any

// issuer is a small honest issuer behind real HTTP. Its fields may be changed between requests, under mu.
type issuer struct {
	t      testing.TB
	url    string
	client *http.Client

	mu      sync.Mutex
	down    bool // it hangs up on everybody
	keys    []*issuerKey
	revoked map[uint64]bool
	version int // of the status list
	// What a dishonest or a broken one does to its documents.
	editMetadata func(object)
	editJWKS     func(*jwkset.JWKSMarshal)
	addToJWKS    []any // that no library would write
	serveList    http.HandlerFunc

	listLife time.Duration
	requests map[string]int // by path, answered or not
	feed     *feed
}

type issuerKey struct {
	kid     string
	method  jwt.SigningMethod
	private crypto.Signer
}

// newIssuer listens on TCP.
func newIssuer(t testing.TB) *issuer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	return serveIssuer(t, listener, &http.Transport{})
}

// newBubbleIssuer is reached through pipes in memory, so that time stands still in a synctest bubble while it is busy,
// and flies while it is not.
func newBubbleIssuer(t testing.TB) *issuer {
	listener := newPipes()
	return serveIssuer(t, listener, &http.Transport{DialContext: listener.dial})
}

func serveIssuer(t testing.TB, listener net.Listener, transport *http.Transport) *issuer {
	i := &issuer{
		t: t, client: &http.Client{Transport: transport}, revoked: make(map[uint64]bool), requests: make(map[string]int),
		listLife: time.Hour, feed: newFeed(),
	}
	i.addKey("es1", jwt.SigningMethodES256)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", i.metadata)
	mux.HandleFunc("GET /.well-known/jwks.json", i.jwks)
	mux.HandleFunc("GET "+listPath, i.statusList)
	mux.HandleFunc("POST /oauth2/token", i.token)
	mux.HandleFunc("GET /oauth2/revocations", i.revocations)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.requests[r.URL.Path]++
		down := i.down
		i.mu.Unlock()
		if down {
			panic(http.ErrAbortHandler)
		}
		mux.ServeHTTP(w, r)
	}))
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	i.url = "http://" + listener.Addr().String()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return i
}

func (i *issuer) do(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

func (i *issuer) count(path string) (n int) {
	i.do(func() { n = i.requests[path] })
	return n
}

// addKey publishes a signing key that signs from now on.
func (i *issuer) addKey(kid string, method jwt.SigningMethod) *issuerKey {
	key := &issuerKey{kid: kid, method: method}
	var err error
	switch method {
	case jwt.SigningMethodRS256:
		key.private, err = rsa.GenerateKey(rand.Reader, 2048)
	case jwt.SigningMethodEdDSA:
		_, key.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		key.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	mustDo(i.t, err)
	i.do(func() { i.keys = append(i.keys, key) })
	return key
}

func (i *issuer) signer() (key *issuerKey) {
	i.do(func() { key = i.keys[len(i.keys)-1] })
	return key
}

func (k *issuerKey) sign(t testing.TB, typ string, claims object) string {
	t.Helper()
	token := jwt.NewWithClaims(k.method, jwt.MapClaims(claims))
	token.Header["kid"], token.Header["typ"] = k.kid, typ
	text, err := token.SignedString(k.private)
	mustDo(t, err)
	return text
}

// claims are those of a good token, with some changed, or taken away where the change is nil.
func (i *issuer) claims(changes object) object {
	now := time.Now()
	claims := object{
		"iss": i.url, "sub": "mk_1", "client_id": "mk_1", "aud": audience, "jti": rand.Text(), "scope": "orders:read orders:write",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(),
		"tenant_id": "acme-test", "account_id": "acme", "user_id": "ada",
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func (i *issuer) mint(changes object) string {
	return i.signer().sign(i.t, "at+jwt", i.claims(changes))
}

// status is the claim that names an entry of the list.
func (i *issuer) status(index uint64) object {
	return object{"status": object{"status_list": object{"idx": index, "uri": i.url + listPath}}}
}

func (i *issuer) revoke(index uint64) {
	i.do(func() { i.revoked[index], i.version = true, i.version+1 })
}

func (i *issuer) metadata(w http.ResponseWriter, _ *http.Request) {
	document := object{
		"issuer": i.url, "jwks_uri": i.url + "/.well-known/jwks.json", "token_endpoint": i.url + "/oauth2/token",
		"revocation_events_endpoint": i.url + "/oauth2/revocations",
	}
	i.do(func() {
		if i.editMetadata != nil {
			i.editMetadata(document)
		}
	})
	_ = json.NewEncoder(w).Encode(document)
}

func (i *issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	var set jwkset.JWKSMarshal
	i.do(func() {
		for _, key := range i.keys {
			algorithm := jwkset.ALG(key.method.Alg())
			if algorithm == "Ed25519" { // which the library does not know
				algorithm = jwkset.AlgEdDSA
			}
			jwk, err := jwkset.NewJWKFromKey(key.private.Public(), jwkset.JWKOptions{
				Metadata: jwkset.JWKMetadataOptions{ALG: algorithm, KID: key.kid, USE: jwkset.UseSig},
			})
			if err != nil {
				i.t.Error(err)
			}
			set.Keys = append(set.Keys, jwk.Marshal())
		}
		if i.editJWKS != nil {
			i.editJWKS(&set)
		}
	})
	all := append([]any{}, i.addToJWKS...)
	for _, jwk := range set.Keys {
		all = append(all, jwk)
	}
	_ = json.NewEncoder(w).Encode(object{"keys": all})
}

func (i *issuer) statusList(w http.ResponseWriter, r *http.Request) {
	var serve http.HandlerFunc
	var etag string
	i.do(func() { serve, etag = i.serveList, strconv.Quote(strconv.Itoa(i.version)) })
	switch {
	case serve != nil:
		serve(w, r)
	case r.Header.Get("If-None-Match") == etag:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", etag)
		_, _ = fmt.Fprint(w, i.signer().sign(i.t, "statuslist+jwt", i.listClaims(nil)))
	}
}

// listClaims are those of the list as it is now: 1024 entries of one bit.
func (i *issuer) listClaims(changes object) object {
	statuses := make([]byte, 1024/8)
	i.do(func() {
		for index := range i.revoked {
			statuses[index/8] |= 1 << (index % 8)
		}
	})
	now := time.Now()
	claims := object{
		"sub": i.url + listPath, "iat": now.Unix(), "exp": now.Add(i.listLife).Unix(), "ttl": 5,
		"status_list": object{"bits": 1, "lst": pack(i.t, statuses)},
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func pack(t testing.TB, statuses []byte) string {
	t.Helper()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, err := w.Write(statuses)
	mustDo(t, err)
	mustDo(t, w.Close())
	return base64.RawURLEncoding.EncodeToString(packed.Bytes())
}
