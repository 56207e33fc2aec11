package console

import (
	"net/url"
	"strconv"

	"mintkey/admin"
	"mintkey/policy"
)

const rowsPerPage = 50

type keysPage struct {
	Path      string
	Query     string
	State     admin.KeyState
	States    []choice
	Sort      string
	Columns   []column
	Orders    []order
	Rows      []keyRow
	Matching  int
	All       int
	From, To  int
	Prev      string
	Next      string
	CanChange bool
	Policy    string
}

// column is a table heading that may sort the list.
type column struct {
	Label, Path string
	Sorted      string // ascending or descending; empty if another column sorts
}

// order is one option of a select element.
type order struct {
	Value, Label string
	Current      bool
}

// listQuery holds the query parameters of the list.
type listQuery struct {
	text, state, sort string
	page              int
}

const defaultSort = "-created"

func (req *request) listQuery() listQuery {
	q := listQuery{text: req.Form.Get("q"), state: req.Form.Get("state"), sort: req.Form.Get("sort")}
	q.page, _ = strconv.Atoi(req.Form.Get("page"))
	q.page = min(max(q.page, 1), 1<<20)
	if q.sort == "" {
		q.sort = defaultSort
	}
	return q
}

// path is the URL of the list, without parameters that have their default value.
func (q listQuery) path(base string) string {
	values := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			values.Set(name, value)
		}
	}
	set("q", q.text, "")
	set("state", q.state, "")
	set("sort", q.sort, defaultSort)
	set("page", strconv.Itoa(q.page), "1")
	if len(values) == 0 {
		return base
	}
	return base + "?" + values.Encode()
}

func (q listQuery) sorting() (by admin.KeyColumn, descending bool) {
	if q.sort[0] == '-' {
		return admin.KeyColumn(q.sort[1:]), true
	}
	return admin.KeyColumn(q.sort), false
}

func (c *Console) listKeys(req *request) error {
	q := req.listQuery()
	by, descending := q.sorting()
	table, err := c.Service.KeyTable(req.Context(), req.actor, req.in, admin.KeyTableQuery{
		Filter: admin.KeyFilter{Text: q.text}, State: admin.KeyState(q.state), Sort: by, Descending: descending,
		Offset: (q.page - 1) * rowsPerPage, Limit: rowsPerPage,
	})
	if err != nil {
		return err
	}
	page := keysPage{
		Path: req.URL.Path, Query: q.text, State: admin.KeyState(q.state), Sort: q.sort, Matching: table.Matching, All: table.Counts[""],
		CanChange: req.actor.Require("keys:write") == nil, Policy: policyText(req.in.Account.Expiration.InForce(req.info.At)),
	}
	page.States, page.Columns, page.Orders = q.states(req.URL.Path, table.Counts), q.columns(req.URL.Path), q.orders()
	names, err := c.suspenders(req, func(yield func(policy.Suspension)) {
		for _, key := range table.Keys {
			yield(key.Suspended)
		}
	})
	if err != nil {
		return err
	}
	for _, key := range table.Keys {
		row := newKeyRow(key, req.in.Account.Expiration, req.info.At)
		row.Why = whySuspended(key.AccessKey, names)
		page.Rows = append(page.Rows, row)
	}
	page.paginate(q, req.URL.Path)
	return c.show(req, "keys", "API access", page)
}

// paginate fills in the range of this page and the links to its neighbours.
func (p *keysPage) paginate(q listQuery, base string) {
	before := (q.page - 1) * rowsPerPage
	if len(p.Rows) > 0 {
		p.From, p.To = before+1, before+len(p.Rows)
	}
	at := func(page int) string { q.page = page; return q.path(base) }
	if q.page > 1 {
		p.Prev = at(q.page - 1)
	}
	if before+rowsPerPage < p.Matching {
		p.Next = at((before+rowsPerPage)/rowsPerPage + 1)
	}
}

func (q listQuery) states(base string, counts map[admin.KeyState]int) []choice {
	q.page = 1
	var all []choice
	for _, s := range []struct {
		state admin.KeyState
		label string
	}{
		{"", "All"},
		{admin.KeysActive, "Active"},
		{admin.KeysExpiring, "Expiring soon"},
		{admin.KeysUnused, "Unused"},
		{admin.KeysSuspended, "Suspended"},
		{admin.KeysExpired, "Expired"},
	} {
		to := q
		to.state = string(s.state)
		all = append(all, choice{s.label + " " + grouped(counts[s.state]), to.path(base), q.state == to.state})
	}
	return all
}

func (q listQuery) columns(base string) []column {
	q.page = 1
	var all []column
	for _, h := range []struct{ label, sort string }{
		{"Client ID", "client_id"},
		{"User", "user"},
		{"Email", "email"},
		{"Created", "-created"},
		{"Age", ""},
		{"Last access", "-last_access"},
		{"Expires", "expires"},
	} {
		to := column{Label: h.label}
		if h.sort != "" {
			to.Path, to.Sorted = q.sortedBy(base, h.sort)
		}
		all = append(all, to)
	}
	return all
}

// sortedBy returns the URL that sorts by a column, in its usual order or, if the list is sorted like that already, in the opposite one.
func (q listQuery) sortedBy(base, usual string) (path, sorted string) {
	opposite := "-" + usual
	if usual[0] == '-' {
		opposite = usual[1:]
	}
	present := q.sort
	if q.sort = usual; present == usual {
		q.sort = opposite
	}
	switch {
	case present != usual && present != opposite:
	case present[0] == '-':
		sorted = "descending"
	default:
		sorted = "ascending"
	}
	return q.path(base), sorted
}

func (q listQuery) orders() []order {
	var all []order
	for _, o := range []struct{ sort, label string }{
		{"-created", "Newest first"},
		{"created", "Oldest first"},
		{"expires", "Expiring first"},
		{"-expires", "Expiring last"},
		{"-last_access", "Last used first"},
		{"last_access", "Least used first"},
		{"user", "By user"},
		{"-user", "By user, Z to A"},
		{"email", "By e-mail"},
		{"-email", "By e-mail, Z to A"},
		{"client_id", "By client ID"},
		{"-client_id", "By client ID, Z to A"},
	} {
		all = append(all, order{o.sort, o.label, o.sort == q.sort})
	}
	return all
}
