// Package adminapi is the administration API, and the API for people's own access keys: calls, views, and the OpenAPI document of
// everything that the server answers. The rules are those of admin, which the console shares; the bodies are those of api.
//
// Every call passes the same checks in the same order: is the caller authenticated, may the caller see the account and the tenant that
// the path names, does the token have the scope. What the caller may not see is 404. Handlers return errors, which the router renders as
// problem details (RFC 9457). The package routes nothing itself, so that it can be mounted on any listener. Of the packages under server
// it imports api, callers and web only.
package adminapi
