package adminapi

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
	"mintkey/store"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// query holds the query parameters of a list.
type query struct {
	url.Values
	limit int
	after string
}

// query reads the query parameters of a list. Every list takes limit and after, also one that has a single page, so that clients can read
// all of them in the same way.
func (c *Call) query(known ...string) (query, error) {
	q, err := c.parameters(append(known, "limit", "after")...)
	if err != nil {
		return query{}, err
	}
	q.limit, q.after = defaultLimit, q.Get("after")
	if text := q.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 1 || q.limit > maxLimit {
			return query{}, web.Refuse(web.ErrInvalidRequest, "limit must be between 1 and %d.", maxLimit)
		}
	}
	return q, nil
}

// parameters reads the query parameters of a call and refuses unknown and repeated ones: a misspelt filter is never silently ignored, and
// nothing is saved for a dry_run that the call does not have.
func (c *Call) parameters(known ...string) (query, error) {
	values, err := url.ParseQuery(c.URL.RawQuery)
	if err != nil {
		return query{}, web.Refuse(web.ErrInvalidRequest, "The query is not well-formed.")
	}
	for name, given := range values {
		if !slices.Contains(known, name) {
			return query{}, web.Refuse(web.ErrInvalidRequest, "The query parameter %s is not known here; known: %s.",
				policy.Excerpt(name, 40), cmp.Or(strings.Join(known, ", "), "none"))
		}
		if len(given) > 1 {
			return query{}, web.Refuse(web.ErrInvalidRequest, "The query parameter %s comes more than once.", policy.Excerpt(name, 40))
		}
	}
	return query{Values: values}, nil
}

// withoutQuery wraps a handler of a call that has no query parameters.
func withoutQuery(handle Handler) Handler {
	return func(c *Call) (Reply, error) {
		if _, err := c.parameters(); err != nil {
			return Reply{}, err
		}
		return handle(c)
	}
}

// instant reads an RFC 3339 time; it is zero if the parameter is missing.
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

// flag reads a boolean; a missing one is false. An empty one is refused: dry_run= must not save.
func (q query) flag(name string) (bool, error) {
	if !q.Has(name) {
		return false, nil
	}
	switch q.Get(name) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, web.Refuse(web.ErrInvalidRequest, "%s must be true or false.", name)
	}
}

// page fetches one item more than the limit, to know whether there is a next page, and renders the items of this page.
func page[T, V any](q query, fetch func(store.Page) ([]T, error), id func(T) string, render func(T) V) (Reply, error) {
	found, err := fetch(store.Page{After: q.after, Limit: q.limit + 1})
	if err != nil {
		return Reply{}, err
	}
	answer := api.List[V]{Items: []V{}}
	if len(found) > q.limit {
		found = found[:q.limit]
		answer.Next = id(found[q.limit-1])
	}
	for _, item := range found {
		answer.Items = append(answer.Items, render(item))
	}
	return ok(answer), nil
}
