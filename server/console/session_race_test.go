package console_test

import (
	"context"
	"net/http"
	"testing"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// gate is a store that holds up the first request in the tenant Oslo until the test lets it pass.
type gate struct {
	store.Store
	reached, open chan struct{}
}

func (g gate) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	if id == "oslo" {
		select {
		case g.reached <- struct{}{}:
			<-g.open
		default: // a second time
		}
	}
	return g.Store.Tenant(ctx, id)
}

// A request that loaded the session before it ended saves it afterwards, because the request switches the tenant. That does not
// bring the session back, however it ended.
func TestRequestUnderWayBringsNoSessionBack(t *testing.T) {
	for name, end := range map[string]func(*visitor){
		"sign-out": func(v *visitor) { v.post("/console/sign-out", form{}).leadsTo("/console/sign-in") },
		"another user": func(v *visitor) {
			v.post("/console/sign-in", form{"email": {"tom@acme.example"}, "password": {password}}).want(303)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gate{reached: make(chan struct{}, 1), open: make(chan struct{})}
			h := newHarness(t, func(o *server.Options) { g.Store = o.Store; o.Store = g })
			ada := h.as("ada")
			kept := h.cookie(ada)
			withKept := func(r *http.Request) { r.AddCookie(kept) }
			h.visitor().get("/console/account", withKept).want(200)

			saved := make(chan page)
			go func() { saved <- h.visitor().get("/console/tenants/oslo/keys", withKept) }()
			<-g.reached
			end(ada)
			close(g.open)
			if p := <-saved; p.want(200).header.Get("Set-Cookie") == "" {
				t.Fatal("the request under way saved no session, so this shows nothing")
			}
			h.visitor().get("/console/account", withKept).want(303)
		})
	}
}
