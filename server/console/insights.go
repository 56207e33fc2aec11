package console

import (
	"fmt"
	"slices"
	"strings"

	"mintkey/admin"
	"mintkey/store"
)

const insightsPath = activityPath + "/insights"

// insightsPage answers what the traffic says: what is unusual today, which keys fail and why, and who still uses passwords.
type insightsPage struct {
	Views     []choice
	Today     string // the day of the week, in UTC
	Days      []dayRow
	Failing   []failingRow
	Weeks     []string
	Passwords []weeksRow
	Chart     chart
}

type dayRow struct {
	Name, Path, Today, Usual string
	TodayWidth, UsualWidth   string
	Says                     string
	Unusual                  bool
}

type failingRow struct {
	ClientID, Path, Sub, Tenant string
	Refused, Issued, Reason     string
}

type weeksRow struct {
	Name, Path string
	Counts     []string
}

func (c *Console) insights(req *request) error {
	found, err := c.Service.Insights(req.Context(), req.actor, req.in)
	if err != nil {
		return err
	}
	var ids []string
	for _, day := range found.Days {
		ids = append(ids, day.TenantID)
	}
	for _, key := range found.Failing {
		ids = append(ids, key.TenantID)
	}
	named := names{}
	if named.tenants, err = c.nameTenants(req.Context(), req.in.Account.ID, ids); err != nil {
		return err
	}
	today := req.info.At.UTC().Format("Monday")
	page := insightsPage{Views: activityViews(insightsPath), Today: today}
	for _, day := range found.Days {
		row := newDayRow(day, today)
		row.Name, row.Path = named.tenant(day.TenantID), trafficFilter{Range: string(admin.TrafficMonth), Tenant: day.TenantID}.path("")
		page.Days = append(page.Days, row)
	}
	slices.SortStableFunc(page.Days, func(a, b dayRow) int {
		switch {
		case a.Unusual == b.Unusual:
			return 0
		case a.Unusual:
			return -1
		default:
			return 1
		}
	})
	if page.Failing, err = c.failingRows(req, found.Failing, named); err != nil {
		return err
	}
	page.addPasswords(found, named)
	return c.show(req, "insights", "What stands out", page)
}

// least is from how many requests on a day is called unusual: a handful says nothing.
const least = 20

func newDayRow(day admin.DayOfTenant, today string) dayRow {
	row := dayRow{Today: counted(day.Today), Usual: counted(day.Usual)}
	most := max(day.Today, day.Usual)
	row.TodayWidth, row.UsualWidth = percent(day.Today, most), percent(day.Usual, most)
	switch {
	case day.Usual == 0 && day.Today >= least:
		row.Says, row.Unusual = "Unusual: there is none on a "+today+" otherwise.", true
	case day.Today >= max(least, 2*day.Usual) && day.Usual > 0:
		row.Says, row.Unusual = fmt.Sprintf("Unusual: already %d times as much as on a whole %s.", day.Today/day.Usual, today), true
	case day.Today == 0 && day.Usual >= least:
		row.Says = "None yet."
	default:
		row.Says = "As usual so far."
	}
	return row
}

func (c *Console) failingRows(req *request, keys []admin.FailingKey, named names) ([]failingRow, error) {
	var rows []failingRow
	for _, key := range keys {
		of, err := c.trafficRow(req.Context(), store.TrafficSource{AccountID: req.in.Account.ID, TenantID: key.TenantID},
			store.TrafficPart{ID: key.ClientID}, trafficFilter{Range: string(admin.TrafficWeek)})
		if err != nil {
			return nil, err
		}
		row := failingRow{
			ClientID: key.ClientID, Sub: of.Sub, Tenant: named.tenant(key.TenantID), Path: keysPath(key.TenantID, key.ClientID),
			Refused: counted(key.Refused), Issued: counted(key.Issued), Reason: key.Reason.Text(),
		}
		if of.Sub == goneKey {
			row.Path = of.Path
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// addPasswords adds tokens for passwords by week, as a chart of the account and a table by tenant.
func (p *insightsPage) addPasswords(found admin.Insights, named names) {
	p.Chart.Series = []series{{Class: "chart-bar"}}
	sums := make([]int, len(found.Weeks))
	for _, tenant := range found.Passwords {
		traffic := trafficFilter{Range: string(admin.TrafficQuarter), Tenant: tenant.TenantID}
		row := weeksRow{Name: named.tenant(tenant.TenantID), Path: traffic.path("")}
		for i, n := range tenant.Counts {
			sums[i] += int(n)
			row.Counts = append(row.Counts, counted(n))
		}
		p.Passwords = append(p.Passwords, row)
	}
	top, said := 1, []string{}
	for i, n := range sums {
		from := found.Weeks[i].Format("2 Jan")
		p.Weeks = append(p.Weeks, from)
		title := "Week from " + found.Weeks[i].Format("2 January") + ": " + plural(n, "token")
		p.Chart.Bars = append(p.Chart.Bars, bar{Title: title, Label: from, Count: grouped(n), Counts: []int{n}, Extra: i%2 == 0})
		p.Chart.Total += n
		top, said = max(top, n), append(said, title)
	}
	p.Chart.Summary = "Tokens for passwords. " + strings.Join(said, ", ") + "."
	p.Chart.draw(top)
}
