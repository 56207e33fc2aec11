package server_test

import (
	"sync/atomic"
	"testing"

	"mintkey/server"
	"mintkey/store"
)

// gathering is a store that counts the requests of which it is told.
type gathering struct {
	store.Store

	began, ended atomic.Int64
}

func (g *gathering) RequestBegan() { g.began.Add(1) }
func (g *gathering) RequestEnded() { g.ended.Add(1) }

// A store that gathers reads is told of each request of a program, whatever becomes of it, and of none that does not read with them.
func TestTheStoreIsToldOfRequestsUnderWay(t *testing.T) {
	w := newWorld(t)
	g := &gathering{Store: w.store}
	w.serve(func(o *server.Options) { o.Store = store.NewGate(g) })
	told := func(what string, want int64, request func()) {
		t.Helper()
		g.began.Store(0)
		g.ended.Store(0)
		request()
		if began, ended := g.began.Load(), g.ended.Load(); began != want || ended != want {
			t.Errorf("%s: the store was told of %d requests that began and of %d that ended, want %d", what, began, ended, want)
		}
	}
	var token string
	told("a token", 1, func() { token = w.exchange(w.ada).want(200).field("access_token") })
	told("a wrong secret", 1, func() { w.exchange(person{clientID: w.ada.clientID, secret: "wrong"}).want(401) })
	told("introspection", 1, func() { w.introspect(w.ada, token).want(200) })
	told("metadata", 0, func() { w.do(w.request("GET", "/.well-known/oauth-authorization-server", nil)).want(200) })
}
