package console

import (
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

type securityPage struct {
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
}

// previewTable is whom the change in the form would hit (R15).
type previewTable struct {
	Rows  []affectedRow
	Total int
	Gains int // keys that live longer
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

// securityPage shows the policy in force or, with a form in the query, what it would become.
func (c *Console) securityPage(v *visit) error { return c.showSecurity(v, nil) }

func (v *visit) policyChange() policy.PolicyChange {
	days, _ := strconv.Atoi(v.Form.Get("period_days"))
	return policy.PolicyChange{Enabled: v.Form.Has("enabled"), PeriodDays: days, AcknowledgeRisk: v.Form.Has("acknowledge_risk")}
}

func (c *Console) showSecurity(v *visit, because error) error {
	present := v.place.Account.Expiration.InForce(v.about.At)
	page := securityPage{Present: present, Enabled: present.Enabled, Since: newStamp(present.At, v.about.At)}
	change := policy.PolicyChange{Enabled: present.Enabled, PeriodDays: present.PeriodDays}
	if v.Form.Has("period_days") {
		change = v.policyChange()
		page.Enabled = change.Enabled
	}
	for _, days := range policy.Periods() {
		page.Periods = append(page.Periods, order{strconv.Itoa(days), plural(days, "day"), days == change.PeriodDays})
	}
	page.Changed = change.Enabled != present.Enabled || change.PeriodDays != present.PeriodDays
	page.RiskNeed = present.Enabled && !change.Enabled
	if page.Changed {
		affected, err := c.Service.PreviewPolicy(v.Context(), v.actor, v.place, change)
		if _, ok := formFault(err); err != nil && !ok {
			return err
		}
		if page.Preview, err = c.previewTable(v, affected); err != nil {
			return err
		}
	}
	if err := c.addCalendar(v, &page); err != nil {
		return err
	}
	if because == nil {
		return c.show(v, "security", "Security", page)
	}
	page.Fault, _ = formFault(because)
	return c.showStatus(v, because, "security", "Security", page)
}

func (c *Console) previewTable(v *visit, affected []admin.Affected) (previewTable, error) {
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
	users, err := c.Store.UsersByID(v.Context(), v.place.Account.ID, ids)
	for _, a := range affected {
		table.Rows = append(table.Rows, affectedRow{a.ClientID, users[a.UserID].Name, a.TenantID, newStamp(a.Before, v.about.At), newStamp(a.After, v.about.At)})
	}
	return table, err
}

// addCalendar draws when keys expire over the next year.
func (c *Console) addCalendar(v *visit, page *securityPage) error {
	expiries, err := c.Service.Expiries(v.Context(), v.actor, v.place, v.about.At.AddDate(1, 0, 0))
	if err != nil {
		return err
	}
	times := make([]time.Time, len(expiries))
	for i, u := range expiries {
		times[i] = u.At
	}
	page.Chart = newChart(times, v.about.At)
	for _, u := range expiries[:min(len(expiries), nextRows)] {
		page.Next = append(page.Next, upcomingRow{
			u.ClientID, u.Label, u.UserName, u.TenantID, newStamp(u.At, v.about.At), keysPath(u.TenantID) + "?q=" + u.ClientID,
		})
	}
	return nil
}

func (c *Console) setPolicy(v *visit) error {
	change := v.policyChange()
	after, err := c.Service.SetPolicy(v.Context(), v.actor, v.place, change)
	if _, ok := formFault(err); err != nil && ok {
		return c.showSecurity(v, err)
	}
	if err != nil {
		return err
	}
	c.tell(v, "Saved. "+policyText(after.InForce(v.about.At)))
	return v.redirect(securityPath)
}
