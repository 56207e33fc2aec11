// Package grants issues access tokens (RFC 6749 section 3.2). A request is parsed once into a Request; whatever its grant, it then goes
// through the same phases, run in one place: authenticate, authorize, mint, and record the outcome.
//
// A grant is one file that implements Grant. Of the packages under server this one imports clients, limits, usage and web only.
package grants
