package console

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

const (
	minCompressed = 1 << 10 // bytes
	jitter        = 32      // bytes at most that are added to a packed page
)

// compress packs pages of some length for browsers that take gzip. The length of what was packed could tell a listener who makes a browser
// ask again and again what a page holds beside the text that came with the request (BREACH). Here it tells nothing of use: a form token is
// another one in each answer, other sites cannot post, lengths are blurred, and pages with a secret or a code are left as they are: see
// unpacked.
func compress(pages http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minCompressed), gzhttp.RandomJitter(jitter, 0, false),
		gzhttp.ContentTypes([]string{"text/html", "text/csv", "text/calendar", "application/json"}),
	)
	if err != nil {
		return nil, err
	}
	return wrap(pages), nil
}

// unpacked keeps an answer from being compressed.
func unpacked(h http.Header) { h.Set(gzhttp.HeaderNoCompression, "yes") }
