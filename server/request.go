package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
)

// noRoute is the route of a path that does not exist.
const noRoute = "none"

// exchange is what the server adds to a request, in one piece of memory.
type exchange struct {
	web.Context

	recorder statusRecorder
	id       [1]string // the value of a header
}

// nosniff is shared by all answers, so nobody changes it in place.
var nosniff = []string{"nosniff"}

// observe reads the clock once, gives the request an ID, and logs and counts the result.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Context: web.Context{Context: r.Context(), Info: web.Info{
			ID: requestID(r), At: s.Now().UTC().Truncate(time.Microsecond), Address: s.clientAddress(r), Route: noRoute, Status: http.StatusOK,
		}}}
		about := &x.Info
		x.id[0] = about.ID
		w.Header()["X-Request-Id"] = x.id[:]
		w.Header()["X-Content-Type-Options"] = nosniff
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", hsts)
		}
		recorder := &x.recorder
		recorder.ResponseWriter, recorder.about = w, about
		r = r.WithContext(&x.Context)
		defer func() {
			if failure := recover(); failure != nil {
				if err, ok := failure.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(http.ErrAbortHandler)
				}
				s.Log.ErrorContext(r.Context(), "panic", slog.String("request_id", about.ID), slog.Any("panic", failure),
					slog.String("stack", string(debug.Stack())))
				if !recorder.wrote {
					s.render.Problem(recorder, r, fmt.Errorf("panic: %v", failure))
				}
			}
			s.logRequest(r, about)
		}()
		next.ServeHTTP(recorder, r)
	})
}

// logRequest writes one line, at debug level for a success, so that a load test does not fill the disk.
func (s *Server) logRequest(r *http.Request, about *web.Info) {
	elapsed := s.Now().Sub(about.At)
	method := methodOf(r)
	if about.Route == noRoute {
		s.metrics.Answered(noRoute, "any", about.Status, elapsed) // anyone can send any method to a path that does not exist
	} else {
		s.metrics.Answered(about.Route, method, about.Status, elapsed)
	}
	level := slog.LevelDebug
	switch {
	case errors.Is(about.Err, context.Canceled): // the client has gone
		level = slog.LevelInfo
	case about.Status >= http.StatusInternalServerError && about.Status != http.StatusNotImplemented, // which is what was asked for
		errors.Is(about.Err, web.ErrInvalidRequirement):
		level = slog.LevelWarn
	case about.Status >= http.StatusBadRequest || r.Method != http.MethodGet && about.Route != tokenPath:
		level = slog.LevelInfo
	}
	if !s.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", about.ID), slog.String("method", methodOf(r)), slog.String("path", web.ForLog(r.URL.Path)),
		slog.Int("status", about.Status), slog.Duration("took", elapsed), slog.String("address", about.Address),
	}
	for _, who := range [...]slog.Attr{
		slog.String("tenant_id", about.Tenant), slog.String("user_id", about.User), slog.String("client_id", about.Client),
	} {
		if who.Value.String() != "" {
			attrs = append(attrs, who)
		}
	}
	if about.Err != nil {
		attrs = append(attrs, slog.String("reason", web.ForLog(about.Err.Error())))
	}
	s.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// requestID keeps an ID set by a proxy if it is safe to log and not a secret, and otherwise makes one.
func requestID(r *http.Request) string {
	const maxLength = 64
	id := r.Header.Get("X-Request-Id")
	if id != "" && len(id) <= maxLength && strings.IndexFunc(id, notWordCharacter) < 0 && policy.WithoutSecrets(id) == id {
		return id
	}
	return rand.Text()
}

func notWordCharacter(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.", c)
}

// statusRecorder remembers the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	about *web.Info
	wrote bool
}

func (w *statusRecorder) WriteHeader(status int) {
	if !w.wrote {
		w.wrote, w.about.Status = true, status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(body []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(body)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
