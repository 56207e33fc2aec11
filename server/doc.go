// Package server translates between HTTP and the rules of package policy.
//
// routes.go is the whole URL surface. token.go is the pipeline of the token endpoint: parse, authenticate,
// authorize, then let go-oauth2 (in goauth2.go, its only owner) generate the token. The admin_ files and self.go are
// the administration and self-service APIs. Errors are values until the one table of package web renders
// them, as OAuth errors (RFC 6749 section 5.2) or as problem details (RFC 9457).
//
// A request reads the clock once and is judged at that instant. The package knows store.Store and the
// key ring; it must not import a store, and it decides nothing that package policy can decide.
package server
