package grants

import (
	"errors"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
)

// Outcome is how a request for a token ended. It becomes the metric, the traffic and, in the answer, the OAuth error; its words for the
// audit trail, exports and people are those of store.Outcome.
type Outcome struct {
	Grant  string              // the grant_type; empty where the request had none that is known
	Source store.TrafficSource // without an account where no account ever had the client
	Err    error               // nil: a token was issued
	Reason store.Outcome       // meaningful if Told
	// Told says whether the outcome speaks of the client: a token, or a refusal with a reason. Failures of the server and requests that
	// could not be read do not, and are no traffic.
	Told bool
}

func outcomeOf(grant string, source store.TrafficSource, err error) Outcome {
	outcome := Outcome{Grant: grant, Source: source, Err: err}
	refused, ok := errors.AsType[*clients.RefusedError](err)
	switch {
	case err == nil:
		outcome.Reason, outcome.Told = store.TokenIssued, true
	case ok:
		outcome.Reason, outcome.Told = refused.Reason, true
	case errors.Is(err, web.ErrScopeNotGranted), errors.Is(err, policy.ErrInvalidTarget):
		outcome.Reason, outcome.Told = store.RefusedRequest, true
	}
	return outcome
}

// note is the one place that records how a request for a token ended.
func (e *Endpoint) note(o Outcome, at time.Time) {
	if o.Err == nil {
		e.Metrics.TokenIssued(o.Grant)
	} else {
		e.Metrics.TokenRefused(e.Render.Code(o.Err))
	}
	if o.Told {
		e.Usage.Traffic.Note(o.Source, at, o.Reason, 1)
	}
}
