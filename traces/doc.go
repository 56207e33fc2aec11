// Package traces makes OpenTelemetry traces of requests and sends them to a collector by OTLP over HTTP. It owns the library; redisstore
// adds the commands that a request costs.
//
// It promises that no trace has a secret, a path, a query or a body: a span has the template of the path, the method and the status, and
// those of Redis the name of the command alone. It knows nothing of mintkey and imports nothing of it.
package traces
