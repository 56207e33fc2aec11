package console

import (
	"strconv"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// Many access keys are stopped at once from the list: those that are ticked, or all that match its filter. The number must be typed where
// there are more than typedAbove.
const (
	typedAbove   = 5
	stoppedShown = 5
	usedLately   = 7 * policy.Day
)

const (
	doRevoke  = "revoke"
	doSuspend = "suspend"
)

type stopPage struct {
	Path, Back string
	Suspend    bool
	All        bool // those that match, not those that are ticked
	Fields     []hidden
	Count      int // how many are stopped
	Keys       []keyRow
	Others     int   // beyond Keys
	Left       int   // beyond what one call stops
	Refused    int   // that are not the visitor's to stop
	LastUsed   stamp // when one of them was last used
	Lately     int   // used in the last week
	Reason     string
	Fault      fault
}

// Must says whether the number has to be typed.
func (p stopPage) Must() bool { return p.Count > typedAbove }

// chosen reads what was ticked.
func (req *request) chosen() (choice admin.KeyChoice, suspend bool, err error) {
	switch req.Form.Get("do") {
	case doRevoke:
	case doSuspend:
		suspend = true
	default:
		return choice, false, errBadForm
	}
	if req.Form.Get("all") == "" {
		choice.ClientIDs = req.Form["selected"]
		return choice, suspend, nil
	}
	table := req.list().table()
	choice.Filter, choice.State = table.Filter, table.State
	return choice, suspend, nil
}

func (c *Console) stopPage(req *request) error {
	page, err := c.stopping(req)
	if err != nil {
		return err
	}
	return c.showStopping(req, page, nil)
}

// stopping says what the buttons below the list would do.
func (c *Console) stopping(req *request) (page stopPage, err error) {
	choice, suspend, err := req.chosen()
	if err != nil {
		return page, err
	}
	page = stopPage{
		Path: req.URL.Path, Back: req.backToKeys(), Suspend: suspend, All: len(choice.ClientIDs) == 0 && req.Form.Get("all") != "",
		Reason: req.Form.Get("reason"), Fields: []hidden{{"do", req.Form.Get("do")}, {"list", req.Form.Get("list")}},
	}
	if page.All {
		page.Fields = append(page.Fields, hidden{"all", "on"})
	} else if len(choice.ClientIDs) == 0 {
		return page, nil // nothing is ticked
	}
	for _, id := range choice.ClientIDs {
		page.Fields = append(page.Fields, hidden{"selected", id})
	}
	found, err := c.Service.PreviewChosen(req.Context(), req.actor, req.in, choice, suspend)
	if err != nil {
		return page, err
	}
	page.Count, page.Refused, page.LastUsed = len(found.Keys), len(found.Refused), newStamp(found.LastUsed, req.info.At)
	page.Left = found.Total - page.Count - page.Refused
	for i, key := range found.Keys {
		if i < stoppedShown {
			page.Keys = append(page.Keys, newKeyRow(key, req.in.Account.Expiration, req.info.At))
		}
		if used := key.LastAccess.At; !used.IsZero() && req.info.At.Sub(used) < usedLately {
			page.Lately++
		}
	}
	page.Others = page.Count - len(page.Keys)
	return page, nil
}

func (c *Console) showStopping(req *request, page stopPage, cause error) error {
	title := "Revoke access keys"
	if page.Suspend {
		title = "Suspend access keys"
	}
	if cause == nil {
		return c.show(req, "keys-stop", title, page)
	}
	page.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, "keys-stop", title, page)
}

// stopKeys acts if the number in the form is that of the keys that there are now.
func (c *Console) stopKeys(req *request) error {
	page, err := c.stopping(req)
	if err != nil {
		return err
	}
	typed := strings.ReplaceAll(strings.TrimSpace(req.PostForm.Get("count")), ",", "")
	if page.Count == 0 || typed != strconv.Itoa(page.Count) {
		return c.showStopping(req, page, errOtherCount)
	}
	choice, suspend, err := req.chosen()
	if err != nil {
		return err
	}
	var done admin.StoppedKeys
	if suspend {
		done, err = c.Service.SuspendChosen(req.Context(), req.actor, req.in, choice, strings.TrimSpace(page.Reason))
	} else {
		done, err = c.Service.RevokeChosen(req.Context(), req.actor, req.in, choice)
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showStopping(req, page, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, stoppedText(suspend, done))
	return req.redirect(page.Back)
}

func stoppedText(suspend bool, done admin.StoppedKeys) string {
	text := map[bool]string{false: "Revoked ", true: "Suspended "}[suspend] + plural(len(done.Keys), "access key")
	if text += ". Gateways drop their tokens within seconds."; len(done.Refused) > 0 {
		text += " " + plural(len(done.Refused), "access key") + " of higher authority stayed."
	}
	if done.More {
		text += " There are more that match: go on with them."
	}
	return text
}

// exportKeys sends the keys that the list shows, on all of its pages, as a table.
func (c *Console) exportKeys(req *request) error {
	q, err := keyListQuery(req.URL.Query())
	if err != nil {
		return err
	}
	header := []string{
		"client_id", "label", "tenant_id", "tenant_name", "user_id", "user_name", "email", "status", "marks", "scopes", "created_at",
		"secret_issued_at", "last_access_at", "last_access_address", "expires_at", "suspended_at", "suspended_reason", "allowed_networks",
		"audiences", "token_lifetime_seconds", "tokens_per_minute",
	}
	write, err := req.table("mintkey-keys-"+req.in.Tenant.ID, header)
	if err != nil {
		return err
	}
	p, now := req.in.Account.Expiration, req.info.At
	err = c.Service.EachKey(req.Context(), req.actor, req.in, q.table(), func(k admin.Key) error {
		var marks []string
		for _, mark := range k.Marks(k.LastAccess.At, p, now) {
			marks = append(marks, string(mark))
		}
		return write.row(
			k.ClientID, k.Label, req.in.Tenant.ID, req.in.Tenant.Name, k.User.ID, k.User.Name, k.User.Email, string(k.Status(p, now)),
			strings.Join(marks, " "), strings.Join(k.Scopes, " "), instant(k.CreatedAt), instant(k.SecretIssuedAt()), instant(k.LastAccess.At),
			k.LastAccess.Address, instant(k.Expiry(p)), instant(k.Suspended.At), k.Suspended.Reason, strings.Join(k.AllowedNetworks, " "),
			strings.Join(k.Audiences, " "), numberOrNone(k.TokenLifetimeSeconds), numberOrNone(k.TokensPerMinute),
		)
	})
	return write.end(err)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// csv is the URL of the export of a list.
func (q listQuery) csv(base string) string {
	q.page = 1
	return q.path(base + "/export")
}
