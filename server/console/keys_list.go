package console

import (
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
)

type keysPage struct {
	pager

	Path       string
	Query      string
	State      admin.KeyState
	States     []choice
	Columns    []column
	Orders     []order
	Rows       []keyRow
	Filter     []hidden // what the form for many keys passes on
	CSV        string
	CanChange  bool
	Users      bool // the visitor may open the page of a user
	Restricted bool // a filter or a search is set
	Policy     string
	First      *firstSteps // of a new account
}

// hidden is a field of a form that is not shown.
type hidden struct{ Name, Value string }

func keyOrders() [][2]string {
	return [][2]string{
		{"-created", "Newest first"},
		{"created", "Oldest first"},
		{"expires", "Expiring first"},
		{"-expires", "Expiring last"},
		{"-last_access", "Last access first"},
		{"last_access", "Least used first"},
		{"user", "By user"},
		{"-user", "By user, Z to A"},
		{"email", "By e-mail"},
		{"-email", "By e-mail, Z to A"},
		{"client_id", "By client ID"},
		{"-client_id", "By client ID, Z to A"},
	}
}

func keyStates() [][2]string {
	return [][2]string{
		{"", "All"},
		{string(admin.KeysActive), "Active"},
		{string(admin.KeysExpiring), "Expiring soon"},
		{string(admin.KeysUnused), "Unused"},
		{string(admin.KeysOld), "Old"},
		{string(admin.KeysSuspended), "Suspended"},
		{string(admin.KeysExpired), "Expired"},
	}
}

func keyListQuery(values url.Values) (listQuery, error) {
	return newListQuery(values, firsts(keyStates()), firsts(keyOrders()))
}

// table is the query for one page of the keys.
func (q listQuery) table() admin.KeyTableQuery {
	by, descending := q.sorting()
	return admin.KeyTableQuery{
		Filter: admin.KeyFilter{Text: q.text}, State: admin.KeyState(q.state), Sort: admin.KeyColumn(by), Descending: descending,
		Offset: q.offset(), Limit: rowsPerPage,
	}
}

func (c *Console) listKeys(req *request) error {
	q, err := keyListQuery(req.URL.Query())
	if err != nil {
		return err
	}
	table, err := c.Service.KeyTable(req.Context(), req.actor, req.in, q.table())
	if err == nil && q.page > lastPage(table.Matching) { // as after many were revoked
		q.page = lastPage(table.Matching)
		table, err = c.Service.KeyTable(req.Context(), req.actor, req.in, q.table())
	}
	if err != nil {
		return err
	}
	base := req.URL.Path
	page := keysPage{
		pager: q.pager(base, len(table.Keys), table.Matching), Path: base, Query: q.text, State: admin.KeyState(q.state),
		States: q.states(base, table.Counts), Orders: options(q.sort, keyOrders()), CSV: q.csv(base), Restricted: q.filtered(),
		Users: req.actor.Require(policy.ScopeUsersWrite) == nil, CanChange: req.actor.Require(policy.ScopeKeysWrite) == nil,
		Policy: policyText(req.in.Account.Expiration.InForce(req.info.At)),
	}
	page.Columns = q.columns(base, [][2]string{
		{"Client ID", "client_id"},
		{"User", "user"},
		{"Email", "email"},
		{"Created", "-created"},
		{"Age", ""},
		{"Last access", "-last_access"},
		{"Expires", "expires"},
	})
	names, err := c.suspenders(req, func(yield func(policy.Suspension)) {
		for _, key := range table.Keys {
			yield(key.Suspended)
		}
	})
	if err != nil {
		return err
	}
	list := q.asReturn()
	page.Filter = append(page.Filter, hidden{"list", q.values().Encode()})
	for _, key := range table.Keys {
		row := newKeyRow(key, req.in.Account.Expiration, req.info.At)
		row.Why, row.Return = whySuspended(key.AccessKey, names), list
		row.Path = "keys/" + key.ClientID // a row has it six times
		page.Rows = append(page.Rows, row)
	}
	if page.First, err = c.firstSteps(req); err != nil {
		return err
	}
	return c.show(req, "keys", "API access", page)
}

// states are the tabs. Old keys are there only where no policy ends them.
func (q listQuery) states(base string, counts map[admin.KeyState]int) []choice {
	q.page = 1
	var all []choice
	for _, s := range keyStates() {
		to := q
		to.state = s[0]
		count := counts[admin.KeyState(to.state)]
		if to.state == string(admin.KeysOld) && count == 0 && q.state != to.state {
			continue
		}
		all = append(all, choice{s[1] + " " + grouped(count), to.path(base), q.state == to.state})
	}
	return all
}

// asReturn is the query that a page below the list takes to find the way back to it as it is.
func (q listQuery) asReturn() string {
	if values := q.values(); len(values) > 0 {
		return "?" + url.Values{"list": {values.Encode()}}.Encode()
	}
	return ""
}

// list is the list of keys that the visitor came from: with its filters, order and page, as far as they are right.
func (req *request) list() listQuery {
	values, err := url.ParseQuery(req.Form.Get("list"))
	if err == nil {
		if q, err := keyListQuery(values); err == nil {
			return q
		}
	}
	q, _ := keyListQuery(url.Values{})
	return q
}

// backToKeys is the path of the list that the visitor came from.
func (req *request) backToKeys() string { return req.list().path(keysPath(req.in.Tenant.ID)) }
