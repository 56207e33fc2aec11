package openapitest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// DocumentPath is where the handler under test must serve its document.
const DocumentPath = "/openapi.json"

// Checker is a handler that judges the answers of another one. Its methods may be called from many goroutines.
type Checker struct {
	t      testing.TB
	next   http.Handler
	doc    *openapi3.T
	router routers.Router

	mu   sync.Mutex
	seen map[string]bool // answers, as named by answer
}

// answer names one kind of answer of the document. The path is the template.
func answer(method, path, status string) string { return method + " " + path + " " + status }

// Handler returns a handler that passes each request on to next, reports to t what is wrong with the answer, and then
// hands the answer on unchanged. It holds an answer back until it is whole, so that a failure is
// reported before the client of the test can go on. It stops the test if next serves no sound document.
func Handler(t testing.TB, next http.Handler) *Checker {
	t.Helper()
	c := &Checker{t: t, next: next, seen: map[string]bool{}}
	served := httptest.NewRecorder()
	next.ServeHTTP(served, httptest.NewRequestWithContext(t.Context(), http.MethodGet, DocumentPath, nil))
	var err error
	if c.doc, err = openapi3.NewLoader().LoadFromData(served.Body.Bytes()); err != nil {
		t.Fatalf("openapitest: GET %s answered %d with a body that is no OpenAPI document: %v", DocumentPath, served.Code, err)
	}
	if c.router, err = gorillamux.NewRouter(c.doc); err != nil {
		t.Fatalf("openapitest: the paths of the document: %v", err)
	}
	return c
}

// ServeHTTP implements http.Handler.
func (c *Checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := r.Clone(r.Context()) // next may change r
	asked.Body = http.NoBody
	got := httptest.NewRecorder()
	c.next.ServeHTTP(got, r)
	if err := c.judge(asked, got); err != nil {
		c.t.Errorf("openapitest: %s %s answered %d: %v\n%s", asked.Method, asked.URL, got.Code, err, got.Body)
	}
	maps.Copy(w.Header(), got.Result().Header)
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes()) // a client that hung up is no failure of the handler
}
