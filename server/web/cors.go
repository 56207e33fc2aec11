package web

import "net/http"

// Pages of every origin may read what is public (Fetch Standard section 3.3): there are no cookies and no Authorization in it. The
// headers are read as well, and If-None-Match is asked for before it is sent.
func openToPages(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, Retry-After, X-Request-Id")
}

// Public lets pages of every origin read the answers of a handler, those that are errors included.
func Public(handle Handler) Handler {
	return func(w http.ResponseWriter, r *Request) error {
		openToPages(w.Header())
		return handle(w, r)
	}
}

// Preflight answers what browsers ask before a page of another origin may read a public document.
func Preflight(w http.ResponseWriter, _ *Request) error {
	h := w.Header()
	openToPages(h)
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "Accept, If-None-Match, X-Request-Id")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
