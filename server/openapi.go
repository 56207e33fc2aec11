package server

import (
	_ "embed"
	"net/http"

	"mintkey/server/web"
)

//go:embed openapi.json
var openAPIDocument []byte

func (s *Server) openAPI(w http.ResponseWriter, r *web.Request) error {
	web.ServeDocument(w, r.Request, "application/json", web.PublicCache, openAPIDocument)
	return nil
}
