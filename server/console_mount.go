package server

import (
	"context"
	"net/http"

	"mintkey/server/console"
	"mintkey/server/web"
)

// newConsole wires the pages for people. They share the office, and so every rule, with the administration API.
func (s *Server) newConsole() (http.Handler, error) {
	return console.New(console.Options{
		Service: s.service, Store: s.Store, Hasher: s.Hasher, Limits: s.limits, Issuer: s.Issuer, Log: s.Log, Mail: s.Mail,
		ClockOffset: s.ClockOffset, Version: s.Version, OpenID: s.OpenID,
		About: func(ctx context.Context) console.About {
			about, err := web.About(ctx)
			if err != nil {
				panic(err) // a mistake in the wiring: nothing reaches the console but through observe
			}
			return console.About{RequestID: about.ID, Address: about.Address, At: about.At}
		},
	})
}

// pages serves the console. In logs and metrics all its pages are one route.
func (s *Server) pages(w http.ResponseWriter, r *web.Request) error {
	r.Route = consolePath
	s.console.ServeHTTP(w, r.Request)
	return nil
}
