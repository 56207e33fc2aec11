// Package server wires the rooms that translate between HTTP and the rules of package policy, and says which URL leads to which.
//
// routes.go is the whole URL surface; request.go reads the clock once for each request, which is judged at that instant, and logs
// and counts what became of it; ops.go is for operators. The rooms, none of which imports this package: web (what all of them
// share: requests, forms, the one table of errors), limits, usage, clients and callers (who asks, by credentials or by a token),
// revocation, grants (the token endpoint), oauth (the endpoints beside it), adminapi and console (pages). Package api has the
// bodies of the administration API.
//
// The package knows store.Store and the key ring; it must not import a store, and it decides nothing that package policy can
// decide.
package server
