package console

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
)

// Whatever ends something is asked about first: the first POST does nothing and answers with a question that says what ends, and that
// sends the same fields once more. With JavaScript it opens as a dialog.
const (
	confirmField = "confirm"       // set by the question
	typedField   = "confirm_typed" // what the visitor had to type, where many are hit
)

// manyKeys is from how many access keys on a click is not enough.
const manyKeys = 6

// shownHits is how many of the access keys that stop a question names.
const shownHits = 5

// question is what stands between the visitor and the end of something.
type question struct {
	Path, Back  string
	Title       string
	Says        []string // what ends
	Hits        hits
	Moved       []affectedRow // access keys that would expire at another time
	MovedMore   int
	Sent        []sentField
	Type        string // what has to be typed; empty where a click is enough
	TypeWhat    string // what that is
	Typed       string
	NewPassword bool   // it asks for one
	For         string // the e-mail address of whose password it is, for password managers
	Button      string
	Harmless    bool // nothing is lost that can't be had again
	Fault       fault
}

// sentField is a field of the form that led to the question.
type sentField struct{ Name, Value string }

// hits are the access keys that stop.
type hits struct {
	Number int
	Last   []keyRow // those that were used last
}

// More is how many are not named.
func (h hits) More() int { return h.Number - len(h.Last) }

// newHits sorts the access keys that work now by their last use.
func newHits(keys []keyRow) hits {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k keyRow) bool { return k.Expired || k.Suspended })
	slices.SortStableFunc(keys, func(a, b keyRow) int { return strings.Compare(b.LastAccess.ISO, a.LastAccess.ISO) })
	return hits{Number: len(keys), Last: keys[:min(len(keys), shownHits)]}
}

// confirmed says whether the visitor has answered the question with yes. If not, it has answered the request with the question.
func (c *Console) confirmed(req *request, q question) (bool, error) {
	q.Typed = req.PostForm.Get(typedField)
	said := req.saidYes()
	if said && (q.Type == "" || sameText(q.Typed, q.Type)) {
		return true, nil
	}
	var cause error
	if said {
		cause = errNotTyped
		q.Fault = fault{typedField, notTyped(q.Type)}
	}
	return false, c.askAgain(req, q, cause)
}

// saidYes says whether the form is that of a question.
func (req *request) saidYes() bool { return req.PostForm.Get(confirmField) != "" }

func notTyped(want string) string { return "This is not it. Type “" + want + "”." }

// askAgain shows the question, after an error with what is wrong.
func (c *Console) askAgain(req *request, q question, cause error) error {
	q.Path, q.Sent = cmp.Or(q.Path, req.URL.Path), req.sent()
	if cause == nil {
		return c.show(req, "confirm", q.Title, q)
	}
	if q.Fault.Text == "" {
		q.Fault, _ = formFault(cause)
	}
	return c.showStatus(req, cause, "confirm", q.Title, q)
}

// errNotTyped means that what had to be typed was not.
var errNotTyped = errors.New("what had to be typed was not")

// sameText leaves blanks out of account, and case, which matters to nobody who has read the question.
func sameText(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// sent lists the fields of the form, to be sent again. Passwords are not among them: a page must not hold one.
func (req *request) sent() []sentField {
	form := req.PostForm
	if req.Method == http.MethodGet { // the form comes back after a sign-in
		form = req.Form
	}
	var fields []sentField
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name == confirmField || name == typedField || name == draftField || strings.HasPrefix(name, "password") {
			continue
		}
		for _, value := range form[name] {
			fields = append(fields, sentField{name, value})
		}
	}
	return fields
}

// hitsOfUser are the access keys of a user that work, in one tenant or, if it is empty, in all.
func (c *Console) hitsOfUser(req *request, userID, tenantID string) (hits, error) {
	var rows []keyRow
	for page := (admin.KeyPage{Limit: 500}); ; {
		keys, next, err := c.Service.UserKeys(req.Context(), req.actor, req.in, userID, page)
		if err != nil {
			return hits{}, err
		}
		for _, key := range keys {
			if tenantID == "" || key.Membership.TenantID == tenantID {
				rows = append(rows, newKeyRow(key, req.in.Account.Expiration, req.info.At))
			}
		}
		if page.After = next; next == "" {
			return newHits(rows), nil
		}
	}
}

// hitsOfTenant are the access keys of the tenant that work.
func (c *Console) hitsOfTenant(req *request) (hits, error) {
	table, err := c.Service.KeyTable(req.Context(), req.actor, req.in, admin.KeyTableQuery{
		State: admin.KeysActive, Sort: admin.ByLastAccess, Descending: true, Limit: shownHits,
	})
	if err != nil {
		return hits{}, err
	}
	var rows []keyRow
	for _, key := range table.Keys {
		rows = append(rows, newKeyRow(key, req.in.Account.Expiration, req.info.At))
	}
	return hits{Number: table.Matching, Last: rows}, nil
}

// typeName asks for the name of what is hit, if many access keys are.
func (q question) typeName(what, name string) question {
	if q.Hits.Number >= manyKeys {
		q.Type, q.TypeWhat = name, what
	}
	return q
}

// typeNumber asks for the number of access keys, if they are many.
func (q question) typeNumber(keys int) question {
	if keys >= manyKeys {
		q.Type, q.TypeWhat = strconv.Itoa(keys), "the number of these access keys"
	}
	return q
}

func thingsThatEnd(user policy.User) string {
	if user.IsRobot() {
		return "tokens"
	}
	return "tokens, sessions and links"
}
