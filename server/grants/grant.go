package grants

import (
	"context"
	"errors"
	"net/http"
	"time"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
)

// Grant is what one request presents to get a token. The endpoint calls the methods of every grant in this order, so that none can
// skip a step.
type Grant interface {
	// Type is the grant_type.
	Type() string
	// Authenticate finds out whom the token is for. Even with an error, the Holder's Source may be set to attribute the request.
	Authenticate(ctx context.Context, from *web.Info) (Holder, error)
	// Index is the token's place in the status lists; 0 is none. A token that is issued now with it is alive everywhere.
	Index(ctx context.Context, h Holder, now time.Time) (uint64, error)
	// Refused records why the holder, whom Authenticate let pass, gets no token.
	Refused(h Holder, reason store.Outcome, from *web.Info)
	// Used records that a token was issued.
	Used(h Holder, from *web.Info)
	// Warn adds headers that warn the program if this grant is deprecated.
	Warn(h http.Header)
}

// Holder is whom a token is for, and the most that it can allow.
type Holder struct {
	policy.Subject
	Source    store.TrafficSource // what the request is counted under; without an account it is not counted
	ClientID  string              // the client_id and the sub of the token
	Scopes    []string            // in order; the owner's role may cut them further
	Audiences []string            // to which the key is limited (R33); none: any
	Quota     int                 // tokens a minute of the key (R36); 0: none
	Lifetime  time.Duration       // of its tokens at most (R33); 0: as configured
	Expiry    time.Time           // no token is valid after it (R13); zero: never
	Secret    policy.Secret       // that was presented; zero where it was none of an access key
	Methods   []string            // how a person signed in (RFC 8176); none for a client
}

// kind is a grant that the endpoint supports: its grant_type and its parser.
type kind struct {
	name  string
	parse func(r *http.Request, form web.Form) (Grant, error)
}

// kinds returns the supported grants. A new one is a line here and a file of its own.
func (e *Endpoint) kinds() []kind {
	return []kind{
		{typeClientCredentials, e.parseClientCredentials},
		{typePassword, e.parsePassword},
	}
}

// Types returns the grant types that the token endpoint supports.
func (e *Endpoint) Types() (types []string) {
	for _, known := range e.kinds() {
		types = append(types, known.name)
	}
	return types
}

// issue takes a request through all phases.
func (e *Endpoint) issue(ctx context.Context, request Request, from *web.Info) (issued token, err error) {
	holder, err := request.Grant.Authenticate(ctx, from)
	if err == nil {
		issued, err = e.authorizeAndMint(ctx, request, holder, from.At)
		if refused, ok := errors.AsType[*clients.RefusedError](err); ok {
			request.Grant.Refused(holder, refused.Reason, from)
		}
	}
	if err == nil {
		from.Tenant, from.User = holder.Membership.TenantID, holder.User.ID
		request.Grant.Used(holder, from)
	}
	e.note(outcomeOf(request.Grant.Type(), holder.Source, err), from.At)
	return issued, err
}

func (e *Endpoint) authorizeAndMint(ctx context.Context, request Request, holder Holder, at time.Time) (issued token, err error) {
	decided, err := e.authorize(request, holder)
	if err != nil {
		return token{}, err
	}
	metered, err := e.meter(ctx, holder)
	if err != nil {
		return token{}, err
	}
	if decided.index, err = request.Grant.Index(ctx, holder, at); err == nil {
		issued, err = e.mint(ctx, decided, at)
	}
	if err != nil {
		metered.Refund(ctx)
	}
	return issued, err
}
