package server

import (
	"errors"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// noteTraffic counts a request of the source that was granted, or refused with the error. An error that is no refusal of the client is not counted.
func (s *Server) noteTraffic(source store.TrafficSource, err error, at time.Time) {
	if outcome, ok := outcomeOf(err); ok {
		s.usage.Traffic.Note(source, at, outcome, 1)
	}
}

// outcomeOf says as what a request that ended with the error counts.
func outcomeOf(err error) (outcome store.Outcome, ok bool) {
	tooMany, guessed := errors.AsType[*tooManyError](err)
	switch {
	case err == nil:
		return store.TokenIssued, true
	case guessed:
		return outcomeOf(tooMany.because)
	case errors.Is(err, policy.ErrWrongSecret), errors.Is(err, web.ErrInvalidGrant):
		return store.RefusedWrongSecret, true
	case errors.Is(err, policy.ErrKeyExpired):
		return store.RefusedExpired, true
	case errors.Is(err, policy.ErrUserDisabled):
		return store.RefusedUserDisabled, true
	case errors.Is(err, web.ErrScopeNotGranted), errors.Is(err, web.ErrInvalidTarget),
		errors.Is(err, errUnknownClient): // of a client that is known: it belongs to another tenant than was named
		return store.RefusedRequest, true
	default:
		return 0, false
	}
}

// keySource is the access key of a client; its account is empty if there is none.
func (c client) keySource(clientID string) store.TrafficSource {
	if c.Account.ID == "" {
		return store.TrafficSource{}
	}
	return store.TrafficSource{AccountID: c.Account.ID, TenantID: c.Tenant.ID, ClientID: clientID}
}

// refusalOf says why a client was refused.
func refusalOf(err error) store.Outcome {
	if outcome, ok := outcomeOf(err); ok && outcome != store.RefusedRequest {
		return outcome
	}
	return store.RefusedUnknownClient
}
