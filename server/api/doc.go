// Package api has the bodies of the administration API, for the server that answers and for programs that ask, such as the commands of
// mintkey. The contract is the OpenAPI document of the server; a test of the server holds every answer against it.
//
// It has types only, and no rules but the shape of JSON. It imports policy, for the words that both sides use, and nothing else of the
// module.
package api
