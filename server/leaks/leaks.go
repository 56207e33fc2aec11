package leaks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"mintkey/admin"
	"mintkey/server/limits"
	"mintkey/server/web"
	"mintkey/store"
)

const (
	// answerAfter is how long every answer takes: long enough for what the report does to be done by then, as a rule.
	answerAfter = 100 * time.Millisecond
	// waiting is how many reports can wait while the store is away. Past it reporters are told to come back.
	waiting    = 100
	retryEvery = time.Second
	stopGrace  = 5 * time.Second
)

// Options is what an Endpoint needs. Every field is required but GitHubKeys.
type Options struct {
	// Report does what a report asks for. It may be repeated.
	Report func(context.Context, admin.LeakReport) error
	Limits *limits.Limiter
	Log    *slog.Logger
	// GitHubKeys reads the public keys of GitHub's secret scanning, for each report that says it is signed; nil verifies none.
	GitHubKeys func() (GitHubKeys, error)
}

// Endpoint takes reports and works them off. Its methods may be called from many goroutines.
type Endpoint struct {
	Options
	reports chan admin.LeakReport
}

// New wires an Endpoint. Run does its work.
func New(o Options) *Endpoint {
	return &Endpoint{Options: o, reports: make(chan admin.LeakReport, waiting)}
}

// Post is POST /leaks.
func (e *Endpoint) Post(w http.ResponseWriter, r *web.Request) error {
	body, err := web.ReadJSONText(w, r.Request)
	if err != nil {
		return err
	}
	verified, signed := e.verify(r, body)
	if !verified {
		if err := e.reserve(r); err != nil {
			return err
		}
	}
	report, err := parse(body, verified)
	if err != nil {
		return err
	}
	answer := time.After(answerAfter)
	if len(report.Secrets) > 0 && (verified || !signed) {
		report.At, report.Address, report.RequestID = r.At, r.Address, r.ID
		select {
		case e.reports <- report:
		default:
			return web.ErrOverloaded
		}
	}
	select {
	case <-answer:
	case <-r.Context().Done():
	}
	web.SetNoStore(w.Header())
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// Run works off the reports until ctx ends, and then those that wait, for a few seconds.
func (e *Endpoint) Run(ctx context.Context) {
	for {
		select {
		case report := <-e.reports:
			e.work(ctx, report)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
			defer cancel()
			for {
				select {
				case report := <-e.reports:
					e.work(last, report)
				default:
					return
				}
			}
		}
	}
}

// work does what a report asks for. One that has to wait for the store goes behind the others: it must not be lost, because whoever sent it
// was told that it was accepted, and must not hold them up, if only a part of the store is away.
func (e *Endpoint) work(ctx context.Context, report admin.LeakReport) {
	for e.failed(ctx, report) {
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return
		}
		select {
		case e.reports <- report:
			return
		default:
		}
	}
}

// failed says whether the report has to be worked on again.
func (e *Endpoint) failed(ctx context.Context, report admin.LeakReport) bool {
	err := e.Report(ctx, report)
	if err == nil {
		return false
	}
	passing := errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrConflict)
	if !passing || e.Limits.Seldom(ctx, "leak report failed") {
		e.Log.ErrorContext(ctx, "leak report failed", slog.String("request_id", report.RequestID), slog.Bool("will_retry", passing),
			slog.Any("error", err))
	}
	return passing
}

func (e *Endpoint) reserve(r *web.Request) error {
	_, err := e.Limits.Reserve(r.Context(), limits.LeakReport(r.Address))
	if tooMany, ok := errors.AsType[*limits.TooManyError](err); ok {
		return &slowedError{tooMany}
	}
	return err
}

// slowedError is rendered as 429, with how long to wait.
type slowedError struct{ tooMany *limits.TooManyError }

func (e *slowedError) Error() string {
	return "There were too many reports from this address. This one was not read: send it again later."
}
func (*slowedError) Is(target error) bool        { return target == web.ErrTooManyRequests }
func (e *slowedError) RetryAfter() time.Duration { return e.tooMany.RetryAfter }
