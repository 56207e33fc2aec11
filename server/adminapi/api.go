package adminapi

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/server/callers"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// SigningKeys lists and rotates signing keys. A tokens.KeyRing implements it.
type SigningKeys interface {
	SigningKeys(now time.Time) []tokens.SigningKeyInfo
	Rotate(ctx context.Context, now time.Time, emergency bool) error
}

// Options is what an API needs. Every field is required.
type Options struct {
	Service *admin.Service
	Links   Links
	Keys    SigningKeys
	Callers *callers.Callers
	// PasswordUses returns the uses of passwords in a tenant, by user ID.
	PasswordUses func(ctx context.Context, tenantID string) (map[string]store.PasswordUse, error)
	// SendLink has a link to choose a password mailed to a user of the account, or returns web.ErrNoMail.
	SendLink func(ctx context.Context, actor admin.Actor, in admin.TenantContext, userID string) error
}

// API answers the calls. Its methods may be called from many goroutines.
type API struct {
	service *admin.Service
	links   Links
	keys    SigningKeys
	callers *callers.Callers
	uses    func(ctx context.Context, tenantID string) (map[string]store.PasswordUse, error)

	sendLink func(ctx context.Context, actor admin.Actor, in admin.TenantContext, userID string) error
}

// New wires an API.
func New(o Options) *API {
	return &API{
		service: o.Service, links: o.Links, keys: o.Keys, callers: o.Callers, uses: o.PasswordUses, sendLink: o.SendLink,
	}
}

// Call is one authenticated request whose caller may see the account and tenant that the path names.
type Call struct {
	*web.Request
	w     http.ResponseWriter
	actor admin.Actor
	in    admin.TenantContext // named by the path, or else the actor's own
}

// Reply is the answer to a Call.
type Reply struct {
	status   int
	body     any        // nil for 204
	table    [][]string // instead of a body, answered as CSV
	location string     // of what was created
	etag     string     // of the record that the body shows
}

// Handler answers a Call. The Reply is ignored if there is an error.
type Handler func(*Call) (Reply, error)

// Handle wraps a handler with the checks that every call needs, in this order: is the caller authenticated (401), may the caller see the
// account and the tenant that the path names (404), does the token have one of the scopes (403). A query, and a body of DELETE, are refused
// (400).
func (a *API) Handle(handle Handler, anyOf ...string) web.Handler {
	return a.HandleQuery(withoutQuery(handle), anyOf...)
}

// HandleQuery is Handle for a handler that reads the query parameters itself.
func (a *API) HandleQuery(handle Handler, anyOf ...string) web.Handler {
	scopes := strings.Join(anyOf, " ")
	return func(w http.ResponseWriter, r *web.Request) error {
		reply, err := a.answer(w, r, scopes, handle)
		if err != nil {
			return err
		}
		web.SetNoStore(w.Header())
		if reply.location != "" {
			w.Header().Set("Location", reply.location)
		}
		if reply.etag != "" {
			w.Header().Set("ETag", reply.etag)
		}
		if reply.table != nil {
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			return csv.NewWriter(w).WriteAll(reply.table)
		}
		if reply.body == nil {
			w.WriteHeader(reply.status)
			return nil
		}
		web.WriteJSON(w, reply.status, reply.body)
		return nil
	}
}

func (a *API) answer(w http.ResponseWriter, r *web.Request, anyOf string, handle Handler) (Reply, error) {
	actor, err := a.callers.Actor(r)
	if err != nil {
		return Reply{}, err
	}
	in, err := a.service.Resolve(r.Context(), actor, r.PathValue("account"), r.PathValue("tenant"))
	if err != nil {
		return Reply{}, err
	}
	if err := actor.Require(anyOf); err != nil {
		return Reply{}, err
	}
	if r.Method == http.MethodDelete {
		if err := web.NoBody(r.Request); err != nil {
			return Reply{}, err
		}
	}
	return handle(&Call{Request: r, w: w, actor: actor, in: in})
}
