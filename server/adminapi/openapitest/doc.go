// Package openapitest holds the answers of a handler against the OpenAPI document that it serves itself at
// /openapi.json, while a test goes on as if the handler were called directly.
//
// It promises that an answer which the document does not allow fails the test: another status, another content
// type, a missing or malformed header, a body that breaks its schema, a route that is not documented. Requests are not judged:
// a test may send whatever it wants.
//
// It is for tests only. It must not import package server, whose tests import it; nor may anything but tests import it.
package openapitest
