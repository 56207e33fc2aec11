package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"sync/atomic"
	"testing"
)

// front is in front of a server, as a load balancer is. It counts requests for tokens, and can tell of a shorter life than tokens have, so
// that a program which renews them in time does so within seconds: no server makes a token of less than a minute.
type front struct {
	*httptest.Server
	asked atomic.Int64 // requests to the token endpoint
	life  atomic.Int64 // seconds; 0: as it is

	target atomic.Pointer[url.URL]
}

func newFront(t *testing.T, server string) *front {
	t.Helper()
	f := &front{}
	if server != "" {
		f.passTo(t, server)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(f.target.Load())
			if r.In.URL.Path == "/oauth2/token" {
				f.asked.Add(1)
			}
		},
		ModifyResponse: f.shorten,
		// A server that is away is a connection that breaks.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	f.Server = httptest.NewServer(proxy)
	t.Cleanup(f.Close)
	return f
}

func (f *front) passTo(t *testing.T, server string) {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	f.target.Store(target)
}

var expiresIn = regexp.MustCompile(`"expires_in":\d+`)

func (f *front) shorten(response *http.Response) error {
	life := f.life.Load()
	if life == 0 || response.Request.URL.Path != "/oauth2/token" {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	body = expiresIn.ReplaceAll(body, fmt.Appendf(nil, `"expires_in":%d`, life))
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}
