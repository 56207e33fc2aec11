// Package server wires the packages that translate between HTTP and the rules of package policy, and routes the URLs to them.
//
// routes.go is the whole URL surface. request.go reads the clock once for each request, so that every decision about it uses the same
// instant, and logs and counts the result. ops.go is for operators. The packages below, none of which imports this one, are web (shared
// by all: requests, forms, the one table of errors), admission and door (whose turn it is), limits, usage, clients and callers
// (authentication by credentials and by token), revocation, grants (the token endpoint), oauth (the other OAuth endpoints), adminapi and
// console (pages). Package api has the bodies of the administration API.
//
// The package uses store.Store and the key ring. It must not import an implementation of the store, and leaves to package policy every
// decision that policy can make.
package server
