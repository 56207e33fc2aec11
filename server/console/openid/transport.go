package openid

import (
	"errors"
	"net/http"
	"time"
)

const (
	timeout   = 5 * time.Second // for one request, while a person waits
	maxAnswer = 1 << 20         // bytes; discovery documents and key sets have a few thousand
)

var errPlain = errors.New("an https provider must not name an http address")

// transport limits the size of responses, and keeps the client secret from being sent in plain text.
type transport struct {
	http.RoundTripper

	scheme string
}

func newClient(scheme string) *http.Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect would pass the secret on
	return &http.Client{Timeout: timeout, CheckRedirect: stay, Transport: transport{http.DefaultTransport, scheme}}
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.scheme == "https" && r.URL.Scheme != "https" {
		return nil, errPlain
	}
	response, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer)
	}
	return response, err
}
