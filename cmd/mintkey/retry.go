package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	firstPause = 500 * time.Millisecond // doubled each time, unless the server says how long
	maxAnswer  = 64 << 20               // bytes; a dry run over a large account is long
)

// answer is what a server has answered, whatever it says.
type answer struct {
	status int
	header http.Header
	body   []byte
	// repeated: an attempt before this one has had no answer, so that it may have been carried out.
	repeated bool
}

// send returns the body and the header of a successful answer. Any other answer becomes an error that people can read.
func (c *connection) send(request *http.Request) (json.RawMessage, http.Header, error) {
	got, err := c.exchange(request)
	if err != nil {
		return nil, nil, err
	}
	if got.status < 200 || got.status > 299 {
		return nil, nil, refusal(got)
	}
	return got.body, got.header, nil
}

// exchange sends a request until there is an answer that another attempt would not change, at most --retries times more and within
// --timeout. It says on standard error what it waits for. The error means that there was no answer.
func (c *connection) exchange(request *http.Request) (answer, error) {
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	request.Header.Set("User-Agent", userAgent())
	ctx, cancel := context.WithTimeout(request.Context(), c.timeout)
	defer cancel()
	lost := false
	for pause, tries := firstPause, 0; ; pause, tries = 2*pause, tries+1 {
		got, err := c.once(ctx, request)
		got.repeated = lost
		if tries >= c.retries || !mayRepeat(request, got, err) {
			return got, c.unreached(request, err)
		}
		lost = lost || err != nil && !neverSent(err) || err == nil && got.status != http.StatusTooManyRequests
		wait := pause/2 + rand.N(pause/2+1) //nolint:gosec // spreads retries, guards nothing
		asked := c.retryAfter(got.header)
		wait = max(wait, asked)
		if deadline, ok := ctx.Deadline(); ok && c.clock().Add(wait).After(deadline) {
			if asked > 0 {
				c.sayf("warning: the server asks to come back in %v, which is later than --timeout allows\n", asked.Round(time.Second))
			}
			return got, c.unreached(request, err)
		}
		c.sayf("%s; trying again in %v (%d of %d)\n", reason(got, err), wait.Round(100*time.Millisecond), tries+1, c.retries)
		select {
		case <-ctx.Done():
			return got, c.unreached(request, cmp.Or(err, ctx.Err()))
		case <-time.After(wait):
		}
	}
}

// once sends the request once, with a body of its own.
func (c *connection) once(ctx context.Context, request *http.Request) (got answer, err error) {
	attempt := request.Clone(ctx)
	if request.GetBody != nil {
		if attempt.Body, err = request.GetBody(); err != nil {
			return got, err
		}
	}
	response, err := c.client.Do(attempt)
	if err != nil {
		return got, err
	}
	defer func() { _ = response.Body.Close() }()
	c.noteClock(response.Header)
	got = answer{status: response.StatusCode, header: response.Header}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return got, err
}

// retryAfter is how long the server asks to wait (RFC 9110 section 10.2.3); 0 if it does not.
func (c *connection) retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(c.clock().Add(-c.clockAhead)), 0)
	}
	return 0
}

// mayRepeat says whether another attempt may come to a better end, and does no harm: a request that may have been carried out is sent again
// only if twice is the same as once.
func mayRepeat(request *http.Request, got answer, err error) bool {
	switch {
	case err != nil:
		return passes(err) && (neverSent(err) || isIdempotent(request))
	case got.status == http.StatusTooManyRequests: // it was not carried out
		return true
	case got.status == http.StatusConflict: // two with one Idempotency-Key at once
		return request.Header.Get(idempotencyKey) != "" && isRefusal(refusal(got), "conflict")
	default:
		return triesAgain(got.status) && isIdempotent(request)
	}
}

const idempotencyKey = "Idempotency-Key"

// isIdempotent goes by RFC 9110 section 9.2.2. As in net/http, a key makes any request so; one without a value is not sent.
func isIdempotent(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	default:
		_, has := request.Header[idempotencyKey]
		return has
	}
}

// neverSent says that there was no connection for the request.
func neverSent(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}

// passes says whether a failure to get an answer may pass by itself.
func passes(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || isTLSFailure(err) {
		return false
	}
	name, ok := errors.AsType[*net.DNSError](err)
	return !ok || !name.IsNotFound
}

// reason is why a request is sent again.
func reason(got answer, err error) string {
	if err != nil {
		return "cannot reach the server: " + withoutURL(err).Error()
	}
	return fmt.Sprintf("the server cannot answer now (%d %s)", got.status, http.StatusText(got.status))
}

// withoutURL leaves out the method and the URL that net/http puts before a failure.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
