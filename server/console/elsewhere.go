package console

import (
	"net/http"
	"strings"

	"mintkey/store"
)

// elsewhere answers what no route of the pages is for: 405 where the page has other methods (RFC 9110 section 15.5.6), and else 404, once
// the visitor is signed in.
func (c *Console) elsewhere(pages *http.ServeMux) http.HandlerFunc {
	unknown := c.signedIn("", func(*request) error { return store.ErrNotFound })
	return func(w http.ResponseWriter, r *http.Request) {
		allowed := allowedMethods(pages, r)
		if len(allowed) == 0 {
			unknown(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		c.open(func(*request) error { return errMethod })(w, r)
	}
}

// allowedMethods are those that the page has: the routes are few, so they are simply asked.
func allowedMethods(pages *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		if _, pattern := pages.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); strings.Contains(pattern, " ") {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
