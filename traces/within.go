package traces

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// WithinRequests returns a provider whose spans are parts of a request. Without one it makes none: what a server asks its store all the
// time would else be most of all traces.
func (t *Traces) WithinRequests() trace.TracerProvider { return within{all: t.provider} }

type within struct {
	embedded.TracerProvider

	all trace.TracerProvider
}

// Tracer implements trace.TracerProvider.
func (w within) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	return withinTracer{all: w.all.Tracer(name, options...), none: noop.NewTracerProvider().Tracer(name)}
}

type withinTracer struct {
	embedded.Tracer

	all, none trace.Tracer
}

// Start implements trace.Tracer.
func (t withinTracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return t.none.Start(ctx, name, options...)
	}
	return t.all.Start(ctx, name, options...)
}
