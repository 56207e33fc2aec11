// Package adminapi is the administration API, and the one for people's own access keys: calls, views, and the OpenAPI document of all
// that the server answers. The rules are those of admin, which the console shares; the bodies are those of api.
//
// A call is answered only after the same questions in the same order: who asks, may they see the place that the path names, has their
// token the scope. What the caller may not see does not exist (404). Errors are returned, and become problem details (RFC 9457) where
// the call is routed. The package routes nothing itself, so that it can be mounted on any listener. Of the other rooms of the server it
// knows callers and web.
package adminapi
