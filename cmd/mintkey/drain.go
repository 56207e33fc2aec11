package main

import (
	"net/http"
	"sync/atomic"
	"time"

	"mintkey/server"
)

// closing asks clients to leave once it is set. Unlike http.Server.SetKeepAlivesEnabled it cuts no idle connection, on which a request
// may be under way already.
type closing struct{ atomic.Bool }

// wrap adds Connection: close to answers, for which HTTP/2 sends GOAWAY.
func (c *closing) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// drain lets balancers and clients move away before the listeners close. For three fifths of the time only /readyz tells of the stop, so
// that a balancer sends no more; for the rest each answer also closes its connection, which moves clients that hold one open.
func (h *host) drain(srv *server.Server, leave *closing) {
	srv.Stopping()
	if h.config.Drain == 0 {
		return
	}
	first := h.config.Drain * 3 / 5
	if !h.pause(first) {
		return
	}
	leave.Store(true)
	srv.EndStreams()
	h.pause(h.config.Drain - first)
}

// pause is false when it was cut short: by a signal to stop at once, or because the store is damaged.
func (h *host) pause(length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.signals.hurry:
	case <-h.damaged():
	}
	return false
}
