package server

import (
	"context"
	"net/http"

	"mintkey/server/console"
)

const consolePath = "/console"

// newConsole wires the pages for people. They share the office, and so every rule, with the administration API.
func (s *Server) newConsole(o console.OpenID) (http.Handler, error) {
	return console.New(console.Options{
		Office: s.office, Store: s.store, Hasher: s.hasher, Limits: s.limits, Issuer: s.issuer, Log: s.log,
		Mail: s.mail, ClockOffset: s.offset, Version: s.version, OpenID: o,
		About: func(ctx context.Context) console.About {
			about := aboutRequest(ctx)
			return console.About{RequestID: about.ID, Address: about.Address, At: about.At}
		},
	})
}

// pages serves the console. In logs and metrics all its pages are one route.
func (s *Server) pages(w http.ResponseWriter, r *http.Request) {
	aboutRequest(r.Context()).Route = consolePath
	s.console.ServeHTTP(w, r)
}
