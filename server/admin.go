package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// call is one request to the administration API, past authentication and the walls.
type call struct {
	*http.Request
	w     http.ResponseWriter
	actor admin.Actor
	place admin.TenantContext // that the path names; the actor's own where it names none
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
func (s *Server) admin(anyOf string, handle adminHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.answer(w, r, anyOf, handle)
		if err != nil {
			s.writeProblem(w, r, err)
			return
		}
		setNoStore(w.Header())
		if answer.location != "" {
			w.Header().Set("Location", answer.location)
		}
		if answer.body == nil {
			w.WriteHeader(answer.status)
			return
		}
		writeJSON(w, answer.status, answer.body)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, anyOf string, handle adminHandler) (reply, error) {
	actor, err := s.authenticateCaller(r)
	if err != nil {
		return reply{}, err
	}
	place, err := s.office.Resolve(r.Context(), actor, pathValue(r, "account"), pathValue(r, "tenant"))
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

const maxJSONBytes = 1 << 20

// decode reads the JSON body. Unknown fields are refused, so that a misspelt setting is never silently ignored.
func (c *call) decode(body any) error {
	if err := c.checkMediaType(); err != nil {
		return err
	}
	text, err := c.readBody()
	if err != nil {
		return err
	}
	return decodeStrictly(text, body)
}

func (c *call) checkMediaType() error {
	mediaType, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return refuse(errUnsupportedMediaType, "The body must be application/json.")
	}
	return nil
}

// decodeOptional is decode where a missing body means the defaults.
func (c *call) decodeOptional(body any) error {
	text, err := c.readBody()
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return err
	}
	if err := c.checkMediaType(); err != nil {
		return err
	}
	return decodeStrictly(text, body)
}

func (c *call) readBody() ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(c.w, c.Body, maxJSONBytes))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, refuse(errPayloadTooLarge, "The body may have at most %d bytes.", maxJSONBytes)
	}
	if err != nil {
		return nil, refuse(errInvalidRequest, "The body could not be read.")
	}
	return text, nil
}

func decodeStrictly(text []byte, body any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(body)
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		return refuse(errInvalidRequest, "The body must be one JSON object and nothing after it.")
	}
	switch wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); {
	case err == nil:
		return nil
	case ok && wrong.Field != "":
		return refuse(errInvalidRequest, "The field %q must not be a JSON %s.", wrong.Field, wrong.Value)
	case ok:
		return refuse(errInvalidRequest, "The body must be a JSON object.")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return refuse(errInvalidRequest, "There is an unknown field: %s.", strings.TrimPrefix(err.Error(), "json: unknown field "))
	case errors.Is(err, policy.ErrInvalidRelease):
		return err
	default:
		return refuse(errInvalidRequest, "The body is not well-formed JSON.")
	}
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
		return query{}, refuse(errInvalidRequest, "The query is not well-formed.")
	}
	for name, given := range values {
		if !slices.Contains(known, name) && name != "limit" && name != "after" {
			return query{}, refuse(errInvalidRequest, "The query parameter %.40q is not known here; known: %s.", name, strings.Join(append(known, "limit", "after"), ", "))
		}
		if len(given) > 1 {
			return query{}, refuse(errInvalidRequest, "The query parameter %.40q comes more than once.", name)
		}
	}
	q := query{values, defaultLimit, values.Get("after")}
	if text := values.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 1 || q.limit > maxLimit {
			return query{}, refuse(errInvalidRequest, "limit must be between 1 and %d.", maxLimit)
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
		return time.Time{}, refuse(errInvalidRequest, "%s must be a time such as 2024-01-30T00:00:00Z.", name)
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
		return false, refuse(errInvalidRequest, "%s must be true or false.", name)
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
