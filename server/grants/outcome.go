package grants

import (
	"errors"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
)

// Outcome is the result of a token request. The metric, the traffic count and the OAuth error of the answer come from it; store.Outcome
// has its names for the audit trail, exports and people.
type Outcome struct {
	Grant  string              // the grant_type; empty if the request had no supported one
	Source store.TrafficSource // without an account if no account ever had the client
	Err    error               // nil: a token was issued
	Reason store.Outcome       // valid if IsTraffic
	// IsTraffic reports whether the outcome counts as the client's traffic: a token, or a refusal with a reason. Failures of the server
	// and requests that could not be parsed do not.
	IsTraffic bool
}

func outcomeOf(grant string, source store.TrafficSource, err error) Outcome {
	outcome := Outcome{Grant: grant, Source: source, Err: err}
	refused, ok := errors.AsType[*clients.RefusedError](err)
	switch {
	case err == nil:
		outcome.Reason, outcome.IsTraffic = store.TokenIssued, true
	case ok:
		outcome.Reason, outcome.IsTraffic = refused.Reason, true
	case errors.Is(err, web.ErrScopeNotGranted), errors.Is(err, policy.ErrInvalidTarget):
		outcome.Reason, outcome.IsTraffic = store.RefusedRequest, true
	}
	return outcome
}

// note is the one place that records the outcome of a token request.
func (e *Endpoint) note(o Outcome, at time.Time) {
	if o.Err == nil {
		e.Metrics.TokenIssued(o.Grant)
	} else {
		e.Metrics.TokenRefused(e.Render.Code(o.Err))
	}
	// usage.Refusals counts the refusals of clients, which other endpoints have as well.
	if _, counted := errors.AsType[*clients.RefusedError](o.Err); o.Err != nil && o.IsTraffic && (!counted || o.Grant == typePassword) {
		e.Metrics.ClientRefused(o.Reason, 1)
	}
	if o.IsTraffic {
		e.Usage.Traffic.Note(o.Source, at, o.Reason, 1)
	}
}
