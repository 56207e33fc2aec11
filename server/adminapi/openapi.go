package adminapi

import (
	_ "embed"
	"net/http"
	"sync"

	"mintkey/server/web"
)

//go:embed openapi.json
var openAPIDocument []byte

var openAPI = sync.OnceValue(func() *web.Document {
	return web.NewDocument("application/json", web.PublicCache, openAPIDocument)
})

// OpenAPI serves the OpenAPI document of the whole server except the console. It is public.
func OpenAPI(w http.ResponseWriter, r *web.Request) error {
	openAPI().Serve(w, r.Request)
	return nil
}
