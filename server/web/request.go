package web

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Info is what the server knows of one request beyond its bytes. It belongs to that request's goroutine.
type Info struct {
	ID      string
	At      time.Time // the instant at which the request is judged
	Address string    // of the client, behind trusted proxies
	Route   string    // the template of the path, for logs and metrics
	Status  int       // of the answer
	Err     error     // why it was refused, for the log only
}

// Request is a request with what is known of it. Handlers get it as an argument, so that none can be without its instant.
type Request struct {
	*http.Request
	*Info
}

// Handler answers a request, or returns the error that it is refused with. Whoever routes to it renders the error.
type Handler func(http.ResponseWriter, *Request) error

// ErrNoInfo says that a handler was reached past the middleware that reads the clock: a mistake in the wiring.
var ErrNoInfo = errors.New("the request has no instant at which to be judged")

type infoKey struct{}

// WithInfo returns a context that carries what is known of the request.
func WithInfo(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, infoKey{}, info)
}

// About returns what is known of the request of the context, or ErrNoInfo: a missing instant is a failure, never the year 1.
func About(ctx context.Context) (*Info, error) {
	info, ok := ctx.Value(infoKey{}).(*Info)
	if !ok || info.At.IsZero() {
		return nil, ErrNoInfo
	}
	return info, nil
}
