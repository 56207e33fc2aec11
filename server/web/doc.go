// Package web is what the HTTP rooms of the server share: what is known of a request, strict forms and JSON, documents with an ETag,
// and the one table that renders errors: as OAuth errors (RFC 6749 section 5.2), as problem details (RFC 9457), or in the form that
// existing plugins show.
//
// It decides nothing, and knows none of the other rooms: they return errors of its table, or their own that wrap one.
package web
