package server

import (
	"net/http"

	"mintkey/server/console"
	"mintkey/server/web"
)

// newConsole wires the pages for people. They share the operations of package admin, and so all rules, with the administration API.
func (s *Server) newConsole() (http.Handler, error) {
	return console.New(console.Options{
		Service: s.service,
		Store:   s.Store,
		Hasher:  s.Hasher,
		Limits:  s.limits,
		Refused: s.usage.SignIns,
		Issuer:  s.Issuer, URL: s.ConsoleURL,
		DocsURL:     s.DocsURL,
		Log:         s.Log,
		Mail:        s.Mail,
		ClockOffset: s.ClockOffset,
		Version:     s.Version,
		OpenID:      s.OpenID,
	})
}

// refusedPage shows people a page, too, where a request was refused before it came to the console.
func (s *Server) refusedPage(w http.ResponseWriter, r *http.Request, err error) {
	info, missing := web.About(r.Context())
	if missing != nil {
		s.render.Problem(w, r, missing)
		return
	}
	info.Err = err
	s.console.ServeHTTP(w, r)
}

// pages serves the console. Logs and metrics see all its pages as one route.
func (s *Server) pages(w http.ResponseWriter, r *web.Request) error {
	r.Route = consolePath
	s.console.ServeHTTP(w, r.Request)
	return nil
}
