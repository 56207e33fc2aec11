// The peer gooauth2 is the library that Mintkey uses, as its own example sets it up: every client and every token in memory, and ES256 by
// its own generator of JWTs. It has no limits, no log, no metrics and no revocation that gateways hear of.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-oauth2/oauth2/v4/generates"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/go-oauth2/oauth2/v4/server"
	"github.com/go-oauth2/oauth2/v4/store"
	"github.com/golang-jwt/jwt/v5"
)

func main() {
	keys := flag.String("keys", "", "file with the clients, as bench seed -o json prints them")
	flag.Parse()
	if err := run(*keys); err != nil {
		log.Fatal(err)
	}
}

// run serves until the process ends. It prints the address first.
func run(keys string) error {
	clients, err := readClients(keys)
	if err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	manager := manage.NewDefaultManager()
	manager.MapClientStorage(clients)
	manager.MustTokenStorage(store.NewMemoryTokenStore())
	manager.MapAccessGenerate(generates.NewJWTAccessGenerate("peer", key, jwt.SigningMethodES256))
	s := server.NewDefaultServer(manager)
	s.SetClientInfoHandler(server.ClientBasicHandler)
	http.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, r *http.Request) { _ = s.HandleTokenRequest(w, r) })
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // lives as long as the process
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, listener.Addr()); err != nil {
		return err
	}
	return (&http.Server{ReadHeaderTimeout: time.Minute}).Serve(listener)
}

func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}

func readClients(path string) (*store.ClientStore, error) {
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
	clients := store.NewClientStore()
	for _, key := range keys {
		if err := clients.Set(key.ClientID, &models.Client{ID: key.ClientID, Secret: key.ClientSecret}); err != nil {
			return nil, err
		}
	}
	return clients, nil
}
