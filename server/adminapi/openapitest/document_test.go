package openapitest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func document(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The examples of the document are part of what is validated.
func TestDocumentIsSound(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(document(t))
	if err != nil {
		t.Fatal(err)
	}
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("the document is of version %s; the contract says 3.1", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableMultiError()); err != nil {
		t.Error(err)
	}
}

// An object that answers with more than the contract says would otherwise go unnoticed.
func TestResponseSchemasAreClosed(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(document(t))
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{ // RFC 8414 and RFC 7517 let them grow; requests of RFC 6749 may carry unknown parameters
		"Metadata": true, "JWKS": true, "JWK": true, "TokenRequest": true, "TokenParameter": true,
		"CompatibleClient": true, "CompatibleUser": true,
	}
	for name, schema := range doc.Components.Schemas {
		if !schema.Value.Type.Is("object") || open[name] {
			continue
		}
		if len(schema.Value.Properties) == 0 && schema.Value.AdditionalProperties.Schema != nil {
			continue // a map: it says of what
		}
		if closed := schema.Value.AdditionalProperties.Has; closed == nil || *closed {
			t.Errorf("schema %s allows additional properties", name)
		}
	}
}

func TestOperationsSayWhoMayCallThem(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(document(t))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			name := method + " " + path
			if other := ids[operation.OperationID]; other != "" || operation.OperationID == "" {
				t.Errorf("%s has the operation ID %q, as has %q", name, operation.OperationID, other)
			}
			ids[operation.OperationID] = name
			if operation.Security == nil {
				t.Errorf("%s does not say who may call it", name)
			}
			if strings.HasPrefix(path, "/admin/") && operation.Responses.Value("403") == nil {
				t.Errorf("%s has no answer for a caller without the scope", name)
			}
		}
	}
}
