package server

import (
	"net/http"
	"strings"

	"mintkey/server/web"
	"mintkey/store"
)

// methodOf is the method of a request for logs, metrics and messages. Any method outside the fixed set is "other": a stranger may
// invent as many as they like, of any length.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace:
		return r.Method
	}
	return "other"
}

// routeOf is the template of the path of a request that was handled.
func routeOf(r *http.Request) string {
	info, err := web.About(r.Context())
	if err != nil {
		return noRoute
	}
	return info.Route
}

// plainPaths refuses a path in which a character is percent-encoded that never needs to be, or a slash is: /%61dmin/v1 means what
// /admin/v1 means, but not to a proxy in front that closes a prefix without decoding (RFC 3986 section 6.2.2.2).
func (s *Server) plainPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if disguised(r.URL.EscapedPath()) {
			s.render.Problem(w, r, store.ErrNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func disguised(path string) bool {
	for {
		_, encoded, found := strings.Cut(path, "%")
		if !found || len(encoded) < 2 {
			return false
		}
		if c := unhex(encoded[0])<<4 | unhex(encoded[1]); c == '/' || c == '\\' || unreserved(c) {
			return true
		}
		path = encoded[2:]
	}
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}

// unreserved are the characters of RFC 3986 section 2.3.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// hsts is Strict-Transport-Security for a year (RFC 6797). It names no subdomains, which are not this server's to speak for.
const hsts = "max-age=31536000"
