package adminapi

import (
	_ "embed"
	"net/http"

	"mintkey/server/web"
)

//go:embed openapi.json
var openAPIDocument []byte

// OpenAPI serves the OpenAPI document of the whole server except the console. It is public.
func OpenAPI(w http.ResponseWriter, r *web.Request) error {
	web.ServeDocument(w, r.Request, "application/json", web.PublicCache, openAPIDocument)
	return nil
}
