package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"mintkey/server/web"
	"mintkey/store"
)

// OpsHandler serves /healthz (the process runs), /readyz (it can do its work), /metrics and, if they are wanted, profiles under
// /debug/pprof/. It is for operators only: serve it on an address that the public cannot reach.
func (s *Server) OpsHandler() http.Handler {
	ops := http.NewServeMux()
	ops.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		web.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": s.Version})
	})
	ops.HandleFunc("GET /readyz", s.ready)
	ops.Handle("GET /metrics", s.metrics.Handler())
	if s.Profiling {
		profiling(ops)
	}
	return ops
}

// profiling serves profiles of the process, but for its command line, whose flags may have secrets. pprof's own init puts its handlers into
// http.DefaultServeMux, which nothing here serves.
func profiling(ops *http.ServeMux) {
	ops.HandleFunc("GET /debug/pprof/", pprof.Index)
	ops.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	ops.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	ops.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

const pingTimeout = 2 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.stopping.Load() {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
	defer cancel()
	if lost := s.Watch.Lost(); lost != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "lost", "because": lost.Error()})
		return
	}
	if s.NeedsAccounts && s.Watch.NoAccounts() {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "no accounts"})
		return
	}
	err := s.Store.Ping(ctx)
	s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "readiness check failed")
	if errors.Is(err, store.ErrPrimaryInDoubt) {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "in doubt", "because": err.Error()})
		return
	}
	if err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "store": "unreachable"})
		return
	}
	if _, err := s.KeyRing.JWKS(s.Now()); err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "signing_keys": "none"})
		return
	}
	answer := map[string]any{"status": "ready"}
	if r.URL.Query().Has("verbose") {
		warnings := append(append([]string{}, s.Warnings...), s.Agreed.Warnings()...)
		warnings = append(warnings, s.Watch.Warnings(s.Now())...)
		if s.Certificate != nil {
			warnings = append(warnings, s.Certificate.Warnings()...)
		}
		if s.WarningsNow != nil {
			warnings = append(warnings, s.WarningsNow()...)
		}
		answer["warnings"] = warnings
	}
	// Tokens are still issued, so the server is ready, but operators should see that changes are refused.
	if gate, ok := s.Store.(interface{ ChangesRefused() error }); ok {
		if refusal := gate.ChangesRefused(); refusal != nil {
			answer["changes"] = "refused: " + refusal.Error()
		}
	}
	web.WriteJSON(w, http.StatusOK, answer)
}
