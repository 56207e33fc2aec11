package adminapi

import (
	_ "embed"
	"net/http"

	"mintkey/server/web"
)

//go:embed openapi.json
var openAPIDocument []byte

// OpenAPI serves the OpenAPI document of all that the server answers, but for the console. Everybody may read it.
func OpenAPI(w http.ResponseWriter, r *web.Request) error {
	web.ServeDocument(w, r.Request, "application/json", web.PublicCache, openAPIDocument)
	return nil
}
