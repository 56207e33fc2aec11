package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// queriesOf lists the query parameters of every operation, as the document has them.
func (w *world) queriesOf() map[string][]string {
	w.Helper()
	type parameter struct {
		Ref  string `json:"$ref"`
		Name string `json:"name"`
		In   string `json:"in"`
	}
	var document struct {
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Parameters map[string]parameter `json:"parameters"`
		} `json:"components"`
	}
	w.do(w.request("GET", "/openapi.json", nil)).want(200).into(&document)
	known := map[string][]string{}
	for path, operations := range document.Paths {
		for method, raw := range operations {
			var operation struct {
				Parameters []parameter `json:"parameters"`
			}
			if json.Unmarshal(raw, &operation) != nil { // a member that is no operation
				continue
			}
			for _, p := range operation.Parameters {
				if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
					p = document.Components.Parameters[name]
				}
				if p.In == "query" {
					name := strings.ToUpper(method) + " " + path
					known[name] = append(known[name], p.Name)
				}
			}
		}
	}
	return known
}

// A query parameter that an operation does not have, or that comes twice, is refused before anything is done: what asks for a rehearsal
// must not be carried out.
func TestQueriesThatAreNotUnderstood(t *testing.T) {
	w := newWorld(t)
	known := w.queriesOf()
	if len(known) < 10 {
		t.Fatalf("the document has query parameters for %d operations only", len(known))
	}
	for _, r := range w.routes() {
		target, name, token := r.fill(w.own(w.mia)), r.method+" "+r.path, bearer(w.tokenOf(w.olga, r.scopes[0]))
		queries := map[string]string{"nonsense=1": "nonsense", "a;b": "not well-formed"}
		for _, parameter := range []string{"dry_run", "revoke_tokens"} {
			queries[parameter+"=true"] = parameter
		}
		if r.method != "GET" {
			queries["limit=1"] = "limit"
		}
		for _, parameter := range known[name] {
			delete(queries, parameter+"=true")
			queries[fmt.Sprintf("%s=1&%[1]s=2", parameter)] = "more than once"
		}
		for query, why := range queries {
			got := w.ask(token, r.method, target+"?"+query, r.body())
			if got.status != 400 || !strings.Contains(got.field("detail"), why) {
				t.Errorf("%s?%s: answered %d %s", name, query, got.status, got.body)
			}
		}
	}
}
