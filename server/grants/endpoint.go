package grants

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/limits"
	"mintkey/server/usage"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Store is what the grants read.
type Store interface {
	store.Tenants
	store.Users
	store.Subjects
}

// Indexes gives tokens their place in the status lists.
type Indexes interface {
	// SecretIndex is for a token of the access key's secret; 0 is none.
	SecretIndex(ctx context.Context, of policy.Subject, clientID string, secret policy.Secret, now time.Time) (uint64, error)
	// PasswordIndex is for a token from the user's password.
	PasswordIndex(ctx context.Context, of policy.Subject, now time.Time) (uint64, error)
}

// Metrics counts the outcomes of token requests.
type Metrics interface {
	TokenIssued(grantType string)
	TokenRefused(oauthError string)
	// ClientRefused counts refusals for a reason.
	ClientRefused(reason store.Outcome, n int)
	// QuotaExceeded counts a request past the budget, quota-key or quota-tenant; one that was only reported got its token.
	QuotaExceeded(budget string, reported bool)
}

// Options is what an Endpoint needs. Every field is required unless its comment says otherwise.
type Options struct {
	Store          Store
	Indexes        Indexes
	Ended          func(index uint64) bool // whether a status index has ended: see clients.Clients
	Ring           *tokens.KeyRing
	Clients        *clients.Clients
	Limits         *limits.Limiter
	Hasher         *passwords.Hasher
	Usage          *usage.Usage
	Metrics        Metrics
	Render         *web.Renderer
	Log            *slog.Logger
	Issuer         string // the base URL, without a slash at the end
	Console        string // URL of the console
	Audiences      policy.Audiences
	Algorithms     map[string]tokens.Algorithm // by audience
	Lifetime       time.Duration
	Catalogue      policy.Catalogue
	Statuses       tokens.StatusListURL
	ClientIDPrefix string // may be empty
	ClientIDSuffix string // may be empty
	// QuotaReportOnly issues tokens past a quota, and only counts and logs them.
	QuotaReportOnly bool
	PasswordSunset  time.Time // when the password grant will end, for the Sunset header; may be zero
}

// Endpoint is the token endpoint, and the compatible paths for plugins. Its methods may be called from many goroutines.
type Endpoint struct {
	Options

	generator *generator
}

// New returns an endpoint.
func New(o Options) *Endpoint {
	return &Endpoint{Options: o, generator: newGenerator(o.Ring)}
}

// bodies are buffers for answers, which are used over and over.
var bodies = sync.Pool{New: func() any { return new(make([]byte, 0, largestKept)) }}

// largestKept is the size in bytes of the largest buffer that is kept: a typical answer fits in.
const largestKept = 2 << 10

// answer writes the body of RFC 6749 section 5.1, without reflection because it is written for every token.
func (t token) answer(w http.ResponseWriter) {
	buffer := bodies.Get().(*[]byte) //nolint:forcetypeassert // New makes nothing else
	body := t.appendTo((*buffer)[:0])
	web.WriteRawJSON(w, body)
	if cap(body) <= largestKept {
		clear(body) // the token is a secret
		*buffer = body
		bodies.Put(buffer)
	}
}

func (t token) appendTo(body []byte) []byte {
	body = append(body, `{"access_token":"`...)
	body = append(body, t.text...) // base64url and dots
	body = append(body, `","token_type":"Bearer","expires_in":`...)
	body = strconv.AppendInt(body, int64(t.claims.ExpiresAt.Sub(t.claims.IssuedAt.Time)/time.Second), 10)
	body = append(body, `,"scope":`...)
	body = tokens.AppendJSONString(body, t.claims.Scope)
	return append(body, "}\n"...)
}

// Token is the token endpoint.
func (e *Endpoint) Token(w http.ResponseWriter, r *web.Request) error {
	request, err := e.parse(w, r.Request)
	if err != nil {
		e.note(outcomeOf("", store.TrafficSource{}, err), r.At)
		return err
	}
	issued, err := e.issue(r.Context(), request, r.Info)
	if err != nil {
		return err
	}
	e.warn(w.Header(), request.Grant, issued, r.At)
	web.SetNoStore(w.Header())
	issued.answer(w)
	return nil
}

const (
	// expiryHeader tells a program that its key expires soon (R25).
	expiryHeader = "Mintkey-Key-Expires"
	// secretEndsHeader tells a program that it uses the old secret of an overlap, and when that ends (R6).
	secretEndsHeader = "Mintkey-Secret-Ends"
)

// warn adds headers that warn a program that its key or its secret ends soon, or that its grant is deprecated.
func (e *Endpoint) warn(h http.Header, grant Grant, issued token, now time.Time) {
	if policy.ExpiresWithin(issued.keyExpiry, now, policy.SoonDays) {
		h.Set(expiryHeader, issued.keyExpiry.UTC().Format(time.RFC3339))
	}
	if !issued.secretEnds.IsZero() {
		h.Set(secretEndsHeader, issued.secretEnds.UTC().Format(time.RFC3339))
	}
	grant.Warn(h)
}
