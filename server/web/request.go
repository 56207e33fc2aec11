package web

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Info is what the server knows about a request beyond its bytes. It belongs to that request's goroutine.
type Info struct {
	ID      string
	At      time.Time // the instant used for every decision about the request
	Address string    // of the client, behind trusted proxies
	Route   string    // the template of the path, for logs and metrics
	Status  int       // of the answer
	Err     error     // why it was refused, for the log only
	Tenant  string    // of whoever has authenticated; empty before, and for strangers
	User    string    // the ID of who has authenticated, for the log only
	Client  string    // their client ID, if they have one, for the log only; of a client that was refused, as it may be logged
}

// Request is a request with its Info. Handlers get it as an argument, so that none can lack the instant.
type Request struct {
	*http.Request
	*Info
}

// Handler answers a request or returns an error, which the router renders.
type Handler func(http.ResponseWriter, *Request) error

// ErrNoInfo means that a handler was reached without the middleware that reads the clock: a mistake in the wiring.
var ErrNoInfo = errors.New("the request has no instant")

// Context is the context of a request, with its Info. It has room for the Request, because all of them are needed for every request.
type Context struct {
	context.Context

	Info    Info
	request Request
}

type contextKey struct{}

// Value returns the Context itself for its key.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func contextOf(ctx context.Context) (*Context, error) {
	c, ok := ctx.Value(contextKey{}).(*Context)
	if !ok || c.Info.At.IsZero() {
		return nil, ErrNoInfo
	}
	return c, nil
}

// About returns the Info of the context's request, or ErrNoInfo: a missing instant is an error, never the year 1.
func About(ctx context.Context) (*Info, error) {
	c, err := contextOf(ctx)
	if err != nil {
		return nil, err
	}
	return &c.Info, nil
}

// RequestOf returns the request with its Info, or ErrNoInfo.
func RequestOf(r *http.Request) (*Request, error) {
	c, err := contextOf(r.Context())
	if err != nil {
		return nil, err
	}
	c.request = Request{r, &c.Info}
	return &c.request, nil
}
