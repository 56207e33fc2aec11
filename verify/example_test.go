package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync/atomic"

	"mintkey/verify"
)

func Example() {
	v, err := verify.New(context.Background(), verify.Config{
		Issuer:   "http://127.0.0.1:8080",
		Audience: "https://api.example.com",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()

	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := verify.FromContext(r.Context())
		_, _ = fmt.Fprintln(w, "the orders of tenant", claims.TenantID)
	})
	http.Handle("GET /orders", v.Require("orders:read")(orders))
	log.Fatal(http.ListenAndServe("127.0.0.1:8081", nil))
}

// A path that names a tenant lets no token of another tenant in.
func ExampleVerifier_RequireTenant() {
	var v *verify.Verifier
	var orders http.Handler

	tenant := func(r *http.Request) string { return r.PathValue("tenant") }
	http.Handle("GET /tenants/{tenant}/orders", v.RequireTenant(tenant, "orders:read")(orders))
}

// Where there is no net/http, such as in a message queue.
func ExampleVerifier_Verify() {
	var v *verify.Verifier

	claims, err := v.Verify(context.Background(), "eyJ…")
	switch {
	case errors.Is(err, verify.ErrUnavailable):
		fmt.Println("try again later")
	case err != nil:
		fmt.Println("get another token:", err)
	case claims.HasScope("orders:read"):
		fmt.Println("welcome,", claims.ClientID)
	}
}

// Revocations at once instead of within 10 seconds, no token accepted on a stale list, and counters for a metric.
func ExampleConfig() {
	var refused, failed atomic.Int64
	config := verify.Config{
		Issuer:    "https://auth.example.com",
		Audience:  "https://api.example.com",
		WhenStale: verify.FailClosed,
		Push:      &verify.Push{ClientID: os.Getenv("PUSH_CLIENT_ID"), ClientSecret: os.Getenv("PUSH_CLIENT_SECRET")},
		OnEvent: func(event verify.Event) {
			switch {
			case event.Err == nil:
			case event.Kind == verify.EventVerified:
				refused.Add(1)
			default:
				failed.Add(1)
			}
		},
	}
	v, err := verify.New(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
}
