package openapitest

import (
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// document is a parsed OpenAPI document with a router for its paths. It is immutable.
type document struct {
	*openapi3.T
	router routers.Router
}

// parsed caches the *document of each text. Parsing takes most of a second under the race detector, and all servers of a test run
// serve the same text.
var parsed sync.Map

func parse(text []byte) (*document, error) {
	if known, ok := parsed.Load(string(text)); ok {
		return known.(*document), nil
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	known, _ := parsed.LoadOrStore(string(text), &document{doc, router})
	return known.(*document), nil
}
