// The yardstick does the least honest work of a token endpoint: it parses the form and HTTP Basic, looks the client up in a map, compares
// the SHA-256 of its secret, signs one ES256 token with golang-jwt and answers in JSON. It has no store, no limits, no logs, no metrics
// and no revocation. GET /verify is the least of a check of a token: one verification by golang-jwt for each request. Mintkey is measured
// in ratios to it, so that figures from different machines can be compared.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const lifetime = 15 * time.Minute

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	keys := flag.String("keys", "", "file with the clients, as bench seed -o json prints them")
	flag.Parse()
	if err := run(*listen, *keys); err != nil {
		log.Fatal(err)
	}
}

// run serves until the process ends. It prints the address first.
func run(address, keys string) error {
	digests, err := readKeys(keys)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address) //nolint:noctx // lives as long as the process
	if err != nil {
		return err
	}
	issuer := "http://" + listener.Addr().String()
	y := yardstick{key: key, issuer: issuer, digests: digests}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", y.token)
	mux.HandleFunc("GET /verify", y.verify)
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: lifetime}
	return server.Serve(listener)
}

func readKeys(path string) (digests map[string][sha256.Size]byte, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var keys []struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, err
	}
	digests = map[string][sha256.Size]byte{}
	for _, key := range keys {
		digests[key.ClientID] = sha256.Sum256([]byte(key.ClientSecret))
	}
	return digests, nil
}

type yardstick struct {
	key     *ecdsa.PrivateKey
	issuer  string
	digests map[string][sha256.Size]byte
}

type answer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

func (y yardstick) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
		return
	}
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	want, known := y.digests[id]
	got := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(want[:], got[:]) == 0 || !known {
		http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		return
	}
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": y.issuer, "sub": id, "client_id": id, "aud": "api", "exp": now.Add(lifetime).Unix(), "iat": now.Unix(), "jti": rand.Text(),
		"scope": "api", "tenant_id": "tenant", "account_id": "account", "user_id": "user",
		"status": map[string]any{"status_list": map[string]any{"idx": 7, "uri": y.issuer + "/oauth2/status-lists/0"}},
	})
	token.Header["typ"], token.Header["kid"] = "at+jwt", "yardstick"
	signed, err := token.SignedString(y.key)
	if err != nil {
		http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer{signed, "Bearer", int(lifetime.Seconds()), "api"})
}

func (y yardstick) verify(w http.ResponseWriter, r *http.Request) {
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return &y.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(y.issuer), jwt.WithExpirationRequired())
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
