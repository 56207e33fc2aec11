// Package openapitest checks the answers of a handler against the OpenAPI document that the handler serves at /openapi.json, while a
// test runs as if it called the handler directly.
//
// An answer that the document does not allow fails the test: another status or content type, a missing or malformed header, a body
// that breaks its schema, an undocumented route. Requests are not checked: a test may send anything.
//
// Only tests may import this package. It must not import package server, whose tests import it.
package openapitest
