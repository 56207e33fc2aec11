package traces

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options says what is sent where. The variables OTEL_… of the OpenTelemetry specification hold for the rest: headers, certificates,
// time-outs, the sampler, the name of the service.
type Options struct {
	// Endpoint is the URL of the collector, such as http://127.0.0.1:4318; empty for that of OTEL_EXPORTER_OTLP_ENDPOINT or
	// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.
	Endpoint string
	Version  string
	Failed   func(error)    // is told what could not be sent
	Trusted  []netip.Prefix // the peers whose trace a request continues; those of all others begin one, with a link to theirs
}

// Traces makes traces. Its methods may be called from many goroutines.
type Traces struct {
	provider *sdktrace.TracerProvider
	trusted  []netip.Prefix
}

// Start begins to send. It does not wait for the collector: while that is away, traces are lost and nothing else.
func Start(ctx context.Context, o Options) (*Traces, error) {
	var options []otlptracehttp.Option
	if o.Endpoint != "" {
		target, err := url.JoinPath(o.Endpoint, "/v1/traces")
		if err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
		options = append(options, otlptracehttp.WithEndpointURL(target))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "mintkey"), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(o.Failed)) // there is one for the process, and its default writes to standard error
	return &Traces{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), o.Trusted}, nil
}

// Stop sends what is left, until ctx ends.
func (t *Traces) Stop(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Handler traces the requests that next handles. route is asked when a request is done; method must return one of a fixed set.
func (t *Traces) Handler(next http.Handler, route, method func(*http.Request) string) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, shown *http.Request) {
		r, ok := shown.Context().Value(originalKey{}).(*http.Request)
		if !ok {
			return // cannot be: it is set below
		}
		r = r.WithContext(shown.Context())
		next.ServeHTTP(w, r)
		span, name := trace.SpanFromContext(r.Context()), route(r)
		span.SetName(method(r) + " " + name)
		span.SetAttributes(attribute.String("http.route", name))
	})
	traced := otelhttp.NewHandler(inner, "request", otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.TraceContext{}), otelhttp.WithPublicEndpointFn(t.isStranger))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		traced.ServeHTTP(w, shown(r, method(r)))
	})
}

type originalKey struct{}

// shown is what the library gets to see of a request: what it would write into the span of the rest may hold a secret.
func shown(r *http.Request, method string) *http.Request {
	bare := &http.Request{
		Method: method, URL: &url.URL{}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{}, Body: http.NoBody, RemoteAddr: r.RemoteAddr,
	}
	for _, name := range []string{"Traceparent", "Tracestate"} {
		if values := r.Header[name]; len(values) > 0 {
			bare.Header[name] = values
		}
	}
	return bare.WithContext(context.WithValue(r.Context(), originalKey{}, r))
}

func (t *Traces) isStranger(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return true
	}
	for _, network := range t.trusted {
		if network.Contains(peer.Addr().Unmap()) {
			return false
		}
	}
	return true
}
