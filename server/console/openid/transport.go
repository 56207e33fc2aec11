package openid

import (
	"errors"
	"net/http"
	"time"
)

const (
	patience  = 5 * time.Second // for one request; a person waits meanwhile
	maxAnswer = 1 << 20         // bytes; discovery documents and key sets have a few thousand
)

var errPlain = errors.New("an https provider must not name an http address")

// transport keeps a provider from filling the memory, and the client secret from travelling in clear.
type transport struct {
	http.RoundTripper

	scheme string
}

func newClient(scheme string) *http.Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect would take the secret along
	return &http.Client{Timeout: patience, CheckRedirect: stay, Transport: transport{http.DefaultTransport, scheme}}
}

// RoundTrip is in the contract of http.RoundTripper.
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
