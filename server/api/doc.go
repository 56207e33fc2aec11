// Package api has the bodies of the administration API, for the server and for client programs such as the commands of mintkey. The
// contract is the OpenAPI document of the server; the server's tests check every answer against it.
//
// It has types only, and no rules beyond the shape of JSON. Of this module it imports only policy, for the terms that both sides use.
package api
