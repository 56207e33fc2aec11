package server

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// surface is a router that finds a path without variables in a map: mux would go through a list of patterns, and copy the request twice.
type surface struct {
	*mux.Router

	plain map[string]http.Handler
}

func newSurface() *surface {
	// SkipClean makes an unclean path a 404, not a redirect that would drop the body.
	return &surface{mux.NewRouter().SkipClean(true), map[string]http.Handler{}}
}

// handle adds a path for all methods.
func (s *surface) handle(path string, handler http.HandlerFunc) {
	s.HandleFunc(path, handler)
	if !strings.Contains(path, "{") {
		s.plain[path] = handler
	}
}

// ServeHTTP implements http.Handler.
func (s *surface) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler, ok := s.plain[r.URL.Path]; ok {
		handler.ServeHTTP(w, r)
		return
	}
	s.Router.ServeHTTP(w, r)
}
