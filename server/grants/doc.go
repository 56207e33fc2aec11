// Package grants issues access tokens (RFC 6749 section 3.2). A request is parsed once into a Request; whatever its grant, it then goes
// through the same phases, run in one place: authenticate, authorize, mint, and a note of how it ended.
//
// A grant is one file that implements Grant. The package knows the rooms clients, limits and usage, and web.
package grants
