package openapitest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// DocumentPath is where the handler under test must serve its document.
const DocumentPath = "/openapi.json"

// Checker is a handler that checks the answers of another one. Its methods may be called from many goroutines.
type Checker struct {
	t    testing.TB
	next http.Handler
	doc  *document

	mu   sync.Mutex
	seen map[string]bool // named by answer
}

// answer returns the name of one kind of answer in the document. The path is the template.
func answer(method, path, status string) string { return method + " " + path + " " + status }

// Handler returns a handler that passes each request to next, reports to t what is wrong with the answer, and then passes the answer on
// unchanged. It buffers the whole answer, so that a failure is reported before the test's client continues. It stops the test if next
// does not serve a valid document.
func Handler(t testing.TB, next http.Handler) *Checker {
	t.Helper()
	served := httptest.NewRecorder()
	next.ServeHTTP(served, httptest.NewRequestWithContext(t.Context(), http.MethodGet, DocumentPath, nil))
	doc, err := parse(served.Body.Bytes())
	if err != nil {
		t.Fatalf("openapitest: GET %s answered %d without a sound OpenAPI document: %v", DocumentPath, served.Code, err)
	}
	return &Checker{t: t, next: next, doc: doc, seen: map[string]bool{}}
}

// ServeHTTP implements http.Handler.
func (c *Checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := r.Clone(r.Context()) // next may change r
	asked.Body = http.NoBody
	got := httptest.NewRecorder()
	c.next.ServeHTTP(got, r)
	if err := c.check(asked, got); err != nil {
		c.t.Errorf("openapitest: %s %s answered %d: %v\n%s", asked.Method, asked.URL, got.Code, err, got.Body)
	}
	maps.Copy(w.Header(), got.Result().Header)
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes()) // a client that hung up is not the handler's failure
}
