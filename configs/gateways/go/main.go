// The command go is a small gateway: it passes requests with a valid token on to the API, and tells the API who the caller is
// (docs/gateways/go.md). It is configured by flags; with an access key in PUSH_CLIENT_ID and PUSH_CLIENT_SECRET, revocations reach it
// at once.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"

	"mintkey/verify"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "address of the gateway")
	api := flag.String("api", "http://127.0.0.1:3000", "the API behind it")
	issuer := flag.String("issuer", "http://127.0.0.1:8080", "the issuer of the tokens")
	audience := flag.String("audience", "https://api.example.com", "the API, as the issuer calls it")
	tenant := flag.String("tenant", "berlin", "the tenant that the API belongs to")
	scope := flag.String("scope", "api", "the scope that a request needs")
	poll := flag.Duration("poll", 5*time.Second, "how often the status lists are asked for")
	flag.Parse()

	config := verify.Config{
		Issuer: *issuer, Audience: *audience, Algorithms: []string{"ES256"}, StatusInterval: *poll,
		Cookie: "LWSSO_COOKIE_KEY", // of LoadRunner plugins (docs/compatibility.md); without such clients leave it out
	}
	if id := os.Getenv("PUSH_CLIENT_ID"); id != "" {
		config.Push = &verify.Push{ClientID: id, ClientSecret: os.Getenv("PUSH_CLIENT_SECRET")}
	}
	target, err := url.Parse(*api)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	ofTenant := func(*http.Request) string { return *tenant }
	handler := verifier.RequireTenant(ofTenant, *scope)(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		identify(r)
	}})
	log.Fatal(http.ListenAndServe(*listen, handler)) //nolint:gosec // an example; a server that faces the world has timeouts
}

// identify tells the API who the caller is. It drops headers of the client with our names, also those spelt with underscores, which CGI
// treats as the same.
func identify(r *httputil.ProxyRequest) {
	for name := range r.Out.Header {
		if strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "x-mintkey-") {
			delete(r.Out.Header, name)
		}
	}
	claims, _ := verify.FromContext(r.In.Context())
	r.Out.Header.Set("X-Mintkey-Client-Id", claims.ClientID)
	r.Out.Header.Set("X-Mintkey-Tenant-Id", claims.TenantID)
	r.Out.Header.Set("X-Mintkey-User-Id", claims.UserID)
	r.Out.Header.Set("X-Mintkey-Scope", claims.Scope)
}
