package console

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// rowsPerPage is how many rows a list shows at a time.
const rowsPerPage = 50

// listQuery holds the query parameters that every list has.
type listQuery struct {
	text, state, sort string
	page              int
	more              map[string]string // filters that one list has
	usual             string            // the order without one
}

// filterError refuses an address that asks for what a list does not have. Ignoring it would show something else than was asked for.
type filterError struct{ what, value string }

func (e *filterError) Error() string {
	value := []rune(e.value)
	return fmt.Sprintf("This list has no %s “%s”. Open it without, and choose from what it has.", e.what, string(value[:min(len(value), 60)]))
}

// listQuery reads the parameters of a list with these states and orders, of which the first is the usual one.
func (req *request) listQuery(states, orders []string) (listQuery, error) {
	return newListQuery(req.URL.Query(), states, orders)
}

func newListQuery(values url.Values, states, orders []string) (listQuery, error) {
	q := listQuery{
		text: strings.TrimSpace(values.Get("q")), state: values.Get("state"), sort: values.Get("sort"), page: 1, usual: orders[0],
	}
	if q.sort == "" {
		q.sort = q.usual
	}
	if !slices.Contains(states, q.state) {
		return q, &filterError{"state", q.state}
	}
	if !slices.Contains(orders, q.sort) {
		return q, &filterError{"order", q.sort}
	}
	if text := values.Get("page"); text != "" {
		page, err := strconv.Atoi(text)
		if err != nil || page < 1 {
			return q, &filterError{"page", text}
		}
		q.page = min(page, 1<<20)
	}
	return q, nil
}

// values are the parameters, without those that have their usual value.
func (q listQuery) values() url.Values {
	values := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			values.Set(name, value)
		}
	}
	set("q", q.text, "")
	set("state", q.state, "")
	set("sort", q.sort, q.usual)
	set("page", strconv.Itoa(q.page), "1")
	for name, value := range q.more {
		set(name, value, "")
	}
	return values
}

// path is the URL of the list.
func (q listQuery) path(base string) string {
	if values := q.values(); len(values) > 0 {
		return base + "?" + values.Encode()
	}
	return base
}

// filtered says whether anything narrows the list.
func (q listQuery) filtered() bool {
	return q.text != "" || q.state != "" || slices.ContainsFunc(valuesOf(q.more), func(value string) bool { return value != "" })
}

func valuesOf(m map[string]string) (values []string) {
	for _, value := range m {
		values = append(values, value)
	}
	return values
}

func (q listQuery) offset() int { return (q.page - 1) * rowsPerPage }

// lastPage is the page that shows the last of so many rows.
func lastPage(matching int) int { return max((matching+rowsPerPage-1)/rowsPerPage, 1) }

// pager is the range of rows on a page, and the links to its neighbours.
type pager struct {
	From, To, Matching int
	Prev, Next         string
}

// Pages is for templates that pass the pager on.
func (p pager) Pages() pager { return p }

func (q listQuery) pager(base string, rows, matching int) pager {
	p := pager{Matching: matching}
	if rows > 0 {
		p.From, p.To = q.offset()+1, q.offset()+rows
	}
	at := func(page int) string { q.page = page; return q.path(base) }
	if q.page > 1 {
		p.Prev = at(q.page - 1)
	}
	if q.page < lastPage(matching) {
		p.Next = at(q.page + 1)
	}
	return p
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

// columns are headings. Each has a label and the order that it asks for first; empty for one that does not sort.
func (q listQuery) columns(base string, headings [][2]string) []column {
	q.page = 1
	var all []column
	for _, heading := range headings {
		to := column{Label: heading[0]}
		if heading[1] != "" {
			to.Path, to.Sorted = q.sortedBy(base, heading[1])
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

// sorting is the column that sorts, and whether it goes down.
func (q listQuery) sorting() (by string, descending bool) {
	if by, descending = strings.CutPrefix(q.sort, "-"); descending {
		return by, true
	}
	return q.sort, false
}

// options are the choices of a select element, of which one is current.
func options(current string, choices [][2]string) []order {
	var all []order
	for _, c := range choices {
		all = append(all, order{c[0], c[1], c[0] == current})
	}
	return all
}

func firsts(choices [][2]string) (all []string) {
	for _, c := range choices {
		all = append(all, c[0])
	}
	return all
}
