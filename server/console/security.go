package console

import (
	"errors"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

type securityPage struct {
	Tag      admin.Tag
	Enabled  bool // as chosen in the form
	Periods  []order
	Present  policy.Revision
	Since    stamp
	Changed  bool // the form differs from the present policy
	Preview  previewTable
	RiskNeed bool // the form turns expiry off
	Fault    fault
	Chart    chart
	Next     []upcomingRow

	FactorRequired bool // of admins
}

// previewTable lists the keys that the change in the form would affect (R15).
type previewTable struct {
	Rows  []affectedRow
	Total int
	Gains int // keys that would expire later or not at all
	CSV   string
}

type affectedRow struct {
	ClientID, User, Tenant string
	Before, After          stamp
	Path                   string
}

type upcomingRow struct {
	ClientID, Label, User, Tenant string
	At                            stamp
	Path                          string
}

const (
	previewRows = 20
	nextRows    = 5
)

// securityPage shows the policy in force or, with form values in the query, a preview of the change.
func (c *Console) securityPage(req *request) error { return c.showSecurity(req, nil) }

// policyChange reads the form. As in the API, a period that is left out stays as it is, and one of 0, or of no number, is invalid.
func (req *request) policyChange() policy.PolicyChange {
	days := 0
	if req.Form.Has("period_days") {
		if days, _ = strconv.Atoi(req.Form.Get("period_days")); days == 0 {
			days = -1
		}
	}
	return policy.PolicyChange{Enabled: req.Form.Has("enabled"), PeriodDays: days, AcknowledgeRisk: req.Form.Has("acknowledge_risk")}
}

func (c *Console) showSecurity(req *request, cause error) error {
	present := req.in.Account.Expiration.InForce(req.info.At)
	page := securityPage{
		Tag:     req.tag(admin.PolicyTag(req.in.Account.Expiration), cause),
		Present: present, Enabled: present.Enabled, Since: newStamp(present.At, req.info.At),
		FactorRequired: req.in.Account.SecondFactorOf() == policy.SecondFactorRequiredForAdmins,
	}
	change := policy.PolicyChange{Enabled: present.Enabled, PeriodDays: present.PeriodDays}
	if req.Form.Has("period_days") {
		change = req.policyChange()
		page.Enabled = change.Enabled
	}
	for _, days := range policy.Periods() {
		page.Periods = append(page.Periods, order{strconv.Itoa(days), plural(days, "day"), days == change.PeriodDays})
	}
	page.Changed = change.Enabled != present.Enabled || change.PeriodDays != present.PeriodDays
	page.RiskNeed = present.Enabled && !change.Enabled
	if err := c.addOutlook(req, &page, change); err != nil {
		return err
	}
	if cause == nil {
		return c.show(req, "security", "Security", page)
	}
	if page.Fault, _ = formFault(cause); errors.Is(cause, admin.ErrPreconditionFailed) {
		anyChange := func(policy.Event) bool { return true }
		var err error
		if page.Fault, err = c.staleFault(req, admin.EventFilter{Action: policy.ActionPolicyChanged}, anyChange); err != nil {
			return err
		}
	}
	return c.showStatus(req, cause, "security", "Security", page)
}

func (c *Console) previewTable(req *request, would admin.Preview) (previewTable, error) {
	table, affected := previewTable{Total: would.Total, Gains: would.Gains}, would.First
	var ids, tenants []string
	for _, a := range affected {
		ids, tenants = append(ids, a.UserID), append(tenants, a.TenantID)
	}
	users, err := c.nameUsers(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return table, err
	}
	if users.tenants, err = c.nameTenants(req.Context(), req.in.Account.ID, tenants); err != nil {
		return table, err
	}
	for _, a := range affected {
		table.Rows = append(table.Rows, affectedRow{
			a.ClientID, users.user(a.UserID), users.tenant(a.TenantID), newStamp(a.Before, req.info.At), newStamp(a.After, req.info.At),
			keysPath(a.TenantID, a.ClientID),
		})
	}
	return table, nil
}

// addOutlook adds the chart and list of keys that expire within a year, and what the change in the form would do. One that can't be made
// would do nothing.
func (c *Console) addOutlook(req *request, page *securityPage, change policy.PolicyChange) error {
	ctx, year := req.Context(), req.info.At.AddDate(1, 0, 0)
	var times []time.Time
	var next []admin.Upcoming
	var would admin.Preview
	var err error
	if page.Changed {
		times, next, would, err = c.Service.OutlookBeside(ctx, req.actor, req.in, change, year, nextRows, previewRows)
	}
	if _, wrong := formFault(err); wrong || !page.Changed {
		times, next, err = c.Service.Outlook(ctx, req.actor, req.in, year, nextRows)
	}
	if err != nil {
		return err
	}
	if page.Changed {
		table, err := c.previewTable(req, would)
		if err != nil {
			return err
		}
		table.CSV = previewExport(change)
		page.Preview = table
	}
	page.Chart = newChart(times, req.info.At)
	var ids []string
	for _, u := range next {
		ids = append(ids, u.TenantID)
	}
	tenants, err := c.nameTenants(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return err
	}
	for _, u := range next {
		page.Next = append(page.Next, upcomingRow{
			u.ClientID, u.Label, u.UserName, tenants[u.TenantID], newStamp(u.At, req.info.At), keysPath(u.TenantID, u.ClientID),
		})
	}
	return nil
}

func (c *Console) setPolicy(req *request) error {
	change := req.policyChange()
	q, err := c.askedOfPolicy(req, change)
	if err == nil && q.Title != "" {
		if yes, err := c.confirmed(req, q); !yes {
			return err
		}
	}
	var after policy.ExpirationPolicy
	if err == nil {
		after, err = c.Service.SetPolicy(req.Context(), req.actor, req.in, change, req.ifMatch())
	}
	if _, ok := formFault(err); err != nil && ok {
		return c.showSecurity(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Saved. "+policyText(after.InForce(req.info.At)))
	return req.redirect(securityPath)
}

// askedOfPolicy returns the question before a change that moves the expiry of access keys or turns expiry off, without a title for any
// other, or the error that the change would have.
func (c *Console) askedOfPolicy(req *request, change policy.PolicyChange) (question, error) {
	before := req.in.Account.Expiration.InForce(req.info.At)
	revised, err := req.in.Account.Expiration.Revise(change, req.info.At)
	if err != nil {
		return question{}, err
	}
	would, err := c.Service.PreviewPolicyInShort(req.Context(), req.actor, req.in, change, req.ifMatch(), previewRows)
	if err != nil {
		return question{}, err
	}
	after := revised.InForce(req.info.At)
	q := question{Back: securityPath, Title: "Change the expiration policy?", Button: "Change the policy"}
	q.Says = []string{"Until now: " + policyText(before) + " From now on: " + policyText(after)}
	preview, err := c.previewTable(req, would)
	if err != nil {
		return question{}, err
	}
	switch shorter := preview.Total - preview.Gains; {
	case preview.Total == 0 && (!before.Enabled || after.Enabled):
		return question{}, nil
	case before.Enabled && !after.Enabled:
		q.Says = append(q.Says, plural(preview.Total, "access key")+" that would have expired will not.")
		q = q.typeNumber(preview.Total)
	case shorter > 0:
		q.Says = append(q.Says, plural(shorter, "access key")+" will expire earlier than so far, unless refreshed before. None expires at once: "+
			"each has a whole new period from today.")
		q = q.typeNumber(shorter)
	default:
		q.Harmless = true
		q.Says = append(q.Says, plural(preview.Total, "access key")+" will expire later than so far.")
	}
	q.Moved = preview.Rows[:min(len(preview.Rows), shownHits)]
	q.MovedMore = preview.Total - len(q.Moved)
	return q, nil
}
