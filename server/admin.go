package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/server/web"
	"mintkey/store"
)

// call is one request to the administration API, past authentication and the walls.
type call struct {
	*web.Request
	w     http.ResponseWriter
	actor admin.Actor
	place admin.Place // that the path names; the actor's own where it names none
}

// reply is what a handler of the administration API answers.
type reply struct {
	status   int
	body     any    // nil for 204
	location string // of what was created
}

type adminHandler func(*call) (reply, error)

// admin surrounds a handler with what every call needs, in this order: who asks (401), may they see the account and the tenant that the
// path names (404), has their token one of the scopes (403).
func (s *Server) admin(anyOf string, handle adminHandler) web.Handler {
	return func(w http.ResponseWriter, r *web.Request) error {
		answer, err := s.answer(w, r, anyOf, handle)
		if err != nil {
			return err
		}
		web.SetNoStore(w.Header())
		if answer.location != "" {
			w.Header().Set("Location", answer.location)
		}
		if answer.body == nil {
			w.WriteHeader(answer.status)
			return nil
		}
		web.WriteJSON(w, answer.status, answer.body)
		return nil
	}
}

func (s *Server) answer(w http.ResponseWriter, r *web.Request, anyOf string, handle adminHandler) (reply, error) {
	actor, err := s.authenticateCaller(r)
	if err != nil {
		return reply{}, err
	}
	place, err := s.office.Enter(r.Context(), actor, r.PathValue("account"), r.PathValue("tenant"))
	if err != nil {
		return reply{}, err
	}
	if err := actor.Require(anyOf); err != nil {
		return reply{}, err
	}
	return handle(&call{Request: r, w: w, actor: actor, place: place})
}

// at is the instant at which the call is judged.
func (c *call) at() time.Time { return c.actor.At }

// decode reads the JSON body.
func (c *call) decode(body any) error { return web.ReadJSON(c.w, c.Request.Request, body) }

// decodeOptional is decode where a missing body means the defaults.
func (c *call) decodeOptional(body any) error {
	return web.ReadOptionalJSON(c.w, c.Request.Request, body)
}

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// list is the form of every list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// query reads the parameters of a list and refuses those that it does not know.
type query struct {
	url.Values
	limit int
	after string
}

func (c *call) query(known ...string) (query, error) {
	values, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return query{}, web.Refuse(web.ErrInvalidRequest, "The query is not well-formed.")
	}
	for name, given := range values {
		if !slices.Contains(known, name) && name != "limit" && name != "after" {
			return query{}, web.Refuse(web.ErrInvalidRequest, "The query parameter %.40q is not known here; known: %s.", name, strings.Join(append(known, "limit", "after"), ", "))
		}
		if len(given) > 1 {
			return query{}, web.Refuse(web.ErrInvalidRequest, "The query parameter %.40q comes more than once.", name)
		}
	}
	q := query{values, defaultLimit, values.Get("after")}
	if text := values.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 1 || q.limit > maxLimit {
			return query{}, web.Refuse(web.ErrInvalidRequest, "limit must be between 1 and %d.", maxLimit)
		}
	}
	return q, nil
}

// instant reads an RFC 3339 time; the zero time where it is missing.
func (q query) instant(name string) (time.Time, error) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, web.Refuse(web.ErrInvalidRequest, "%s must be a time such as 2024-01-30T00:00:00Z.", name)
	}
	return at.UTC(), nil
}

// flag reads a boolean.
func (q query) flag(name string) (bool, error) {
	switch q.Get(name) {
	case "":
		return false, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, web.Refuse(web.ErrInvalidRequest, "%s must be true or false.", name)
	}
}

// page fetches one more than the limit, to know whether there is a next page, and renders what is on this one.
func page[T, V any](q query, fetch func(store.Page) ([]T, error), id func(T) string, render func(T) V) (reply, error) {
	found, err := fetch(store.Page{After: q.after, Limit: q.limit + 1})
	if err != nil {
		return reply{}, err
	}
	answer := list[V]{Items: []V{}}
	if len(found) > q.limit {
		found = found[:q.limit]
		answer.Next = id(found[q.limit-1])
	}
	for _, item := range found {
		answer.Items = append(answer.Items, render(item))
	}
	return ok(answer), nil
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

func created(body any, pathFormat string, parts ...any) reply {
	for i, part := range parts {
		parts[i] = url.PathEscape(fmt.Sprint(part))
	}
	return reply{http.StatusCreated, body, fmt.Sprintf(pathFormat, parts...)}
}

func noContent() reply { return reply{status: http.StatusNoContent} }

// orNull renders the zero time, which is never, as null.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
