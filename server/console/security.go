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
}

type affectedRow struct {
	ClientID, User, Tenant string
	Before, After          stamp
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
	if page.Changed {
		affected, err := c.Service.PreviewPolicy(req.Context(), req.actor, req.in, change, admin.IfMatch{})
		if _, ok := formFault(err); err != nil && !ok {
			return err
		}
		if page.Preview, err = c.previewTable(req, affected); err != nil {
			return err
		}
	}
	if err := c.addCalendar(req, &page); err != nil {
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

func (c *Console) previewTable(req *request, affected []admin.Affected) (previewTable, error) {
	table := previewTable{Total: len(affected)}
	for _, a := range affected {
		if a.After.IsZero() || !a.Before.IsZero() && a.After.After(a.Before) {
			table.Gains++
		}
	}
	affected = affected[:min(len(affected), previewRows)]
	var ids []string
	for _, a := range affected {
		ids = append(ids, a.UserID)
	}
	users, err := c.Store.UsersByID(req.Context(), req.in.Account.ID, ids)
	for _, a := range affected {
		table.Rows = append(table.Rows, affectedRow{
			a.ClientID, users[a.UserID].Name, a.TenantID, newStamp(a.Before, req.info.At), newStamp(a.After, req.info.At),
		})
	}
	return table, err
}

// addCalendar adds the chart and list of keys that expire within a year.
func (c *Console) addCalendar(req *request, page *securityPage) error {
	expiries, err := c.Service.Expiries(req.Context(), req.actor, req.in, req.info.At.AddDate(1, 0, 0))
	if err != nil {
		return err
	}
	times := make([]time.Time, len(expiries))
	for i, u := range expiries {
		times[i] = u.At
	}
	page.Chart = newChart(times, req.info.At)
	for _, u := range expiries[:min(len(expiries), nextRows)] {
		page.Next = append(page.Next, upcomingRow{
			u.ClientID, u.Label, u.UserName, u.TenantID, newStamp(u.At, req.info.At), keysPath(u.TenantID) + "?q=" + u.ClientID,
		})
	}
	return nil
}

func (c *Console) setPolicy(req *request) error {
	change := req.policyChange()
	after, err := c.Service.SetPolicy(req.Context(), req.actor, req.in, change, req.ifMatch())
	if _, ok := formFault(err); err != nil && ok {
		return c.showSecurity(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Saved. "+policyText(after.InForce(req.info.At)))
	return req.redirect(securityPath)
}
