package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"mintkey/traces"
)

// stopTracesWithin bounds how long a stop waits for a collector that does not answer.
const stopTracesWithin = 2 * time.Second

// startTraces begins to trace requests, if the settings or the environment name a collector. Call it after open. The returned function
// sends what is left.
func (h *host) startTraces(ctx context.Context) (stop func(), err error) {
	if !h.wantsTraces() {
		return func() {}, nil
	}
	started, err := traces.Start(ctx, traces.Options{
		Endpoint: h.config.Traces.Endpoint, Version: thisBuild().Version, Trusted: h.config.TrustedProxies,
		Failed: func(err error) { h.log.WarnContext(ctx, "sending traces failed", slog.Any("error", err)) },
	})
	if err != nil {
		return nil, err
	}
	if traced, ok := h.store.(interface {
		Trace(provider trace.TracerProvider) error
	}); ok {
		if err := traced.Trace(started.WithinRequests()); err != nil {
			return nil, err
		}
	}
	h.trace = started.Handler
	return func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTracesWithin)
		defer cancel()
		if err := started.Stop(last); err != nil {
			h.log.WarnContext(ctx, "sending the last traces failed", slog.Any("error", err))
		}
	}, nil
}

// wantsTraces goes by traces.endpoint, and else by the variables of the OpenTelemetry specification.
func (h *host) wantsTraces() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	return cmp.Or(h.config.Traces.Endpoint, os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
}

// tracer is server.Options.Trace.
type tracer = func(next http.Handler, route, method func(*http.Request) string) http.Handler
