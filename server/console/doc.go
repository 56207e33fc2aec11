// Package console is the pages for people: admins hand out, refresh and revoke access keys, owners see and refresh their own, account
// admins set the expiration policy and read the audit trail.
//
// What may be done is decided by packages admin and policy, as for the administration API; a page adds a session, a form and words.
// A client secret is shown in the answer to the POST that made it and nowhere else: no URL, no session, no redirect carries one.
// Pages work without JavaScript; htmx only makes some of them quicker. The Content-Security-Policy allows no inline script or style.
//
// It knows interfaces of store, never a store, and must not import server, which mounts it.
package console
