// Package web is what the HTTP packages of the server share: the Info of a request, strict forms and JSON, documents with an ETag, and the
// one table that renders errors: as OAuth errors (RFC 6749 section 5.2), as problem details (RFC 9457), or in the form that existing
// plugins show.
//
// It makes no decisions, and imports none of those packages: they return errors of its table, or their own that wrap one.
package web
