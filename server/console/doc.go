// Package console serves the web pages for people: admins create, refresh and revoke access keys; owners see and refresh their own;
// account admins set the expiration policy and read the audit trail.
//
// Packages admin and policy decide what is allowed, as they do for the administration API; a page adds a session, a form and text.
// A client secret appears only in the response to the POST that created it, never in a URL, a session or a redirect.
// Pages work without JavaScript; htmx only makes some of them faster. The Content-Security-Policy allows no inline script or style.
//
// The package depends on the interfaces of store, not on an implementation, and must not import server, which mounts it.
package console
