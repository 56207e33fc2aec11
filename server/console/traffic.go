package console

import (
	"cmp"
	"context"
	"errors"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// trafficPage shows how many tokens were issued and refused.
type trafficPage struct {
	Views   []choice // for those who see the whole account
	Base    string
	Place   string // the account or, on the page of a tenant, the tenant
	Own     bool   // it is the page of a tenant
	Ranges  []choice
	Filter  trafficFilter
	Tenants []order // to choose from; empty if there are too many to list
	Any     bool    // the filter names a tenant or key
	Missing bool    // what it names does not exist
	When    string  // "in the last hour"
	Days    bool    // the bars are days
	Total   string
	Issued  string
	Refused string
	Share   string // of the refused ones
	Chart   chart
	Reasons []reasonRow
	Whom    *trafficRow // the access key or else the tenant in the filter, if any
	Rows    []trafficRow
	ByKey   bool // the rows are access keys, else tenants
	CSV     string
	Trail   string // the refusals in the audit trail; empty if it has none of them
	Issuer  string
}

// trafficFilter is the filter form as submitted.
type trafficFilter struct {
	Range, Tenant, Key string

	base string // the path of the page of a tenant, which is always Tenant; empty on that of the account
}

// reasonRow is a reason for refusal, with its count.
type reasonRow struct {
	Text, Count string
}

// trafficRow is one tenant or access key.
type trafficRow struct {
	Name, Sub string
	Code      bool // the name is a client ID
	Path      string
	Issued    string
	Refused   string
	Share     string // of all requests
	Width     string // the same, for a bar
}

const trafficPath = activityPath + "/traffic"

const goneKey = "no longer exists"

// maxListedTenants is how many tenants the filter lists; with more it takes a tenant's ID.
const maxListedTenants = 200

func (req *request) trafficFilter() trafficFilter {
	f := req.activityFilter()
	filter := trafficFilter{Range: req.Form.Get("range"), Tenant: f.Tenant, Key: f.Key}
	if tenant := req.PathValue("tenant"); tenant != "" {
		filter.Tenant, filter.base = tenant, tenantTrafficPath(tenant)
	}
	return filter
}

func tenantTrafficPath(tenantID string) string { return tenantPath(tenantID) + "/traffic" }

func (f trafficFilter) wanted() admin.TrafficFilter {
	return admin.TrafficFilter{Range: admin.TrafficRange(f.Range), TenantID: f.Tenant, ClientID: f.Key}
}

// of is the filter for something else in the same time.
func (f trafficFilter) of(tenant, key string) trafficFilter {
	f.Tenant, f.Key = tenant, key
	return f
}

// path is the URL of the page, or of one below it, with the filter in its query.
func (f trafficFilter) path(below string) string {
	base, q := cmp.Or(f.base, trafficPath)+below, url.Values{}
	for name, value := range map[string]string{"range": f.Range, "tenant": f.Tenant, "key": f.Key} {
		if value != "" && (name != "tenant" || f.base == "") {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}

// activityViews are the pages on activity.
func activityViews(present string) []choice {
	return []choice{
		{"Audit trail", activityPath, present == activityPath},
		{"Token traffic", trafficPath, present == trafficPath},
		{"What stands out", insightsPath, present == insightsPath},
	}
}

// traffic shows the tokens that were issued and refused in the account, in a tenant or to an access key.
func (c *Console) traffic(req *request) error {
	f := req.trafficFilter()
	words := trafficWords(admin.TrafficRange(f.Range))
	page := trafficPage{
		Base: cmp.Or(f.base, trafficPath), Place: req.in.Account.Name, Own: f.base != "", Filter: f, When: words.when, Days: words.days,
		CSV: f.path("/export"), Issuer: c.Issuer,
	}
	page.Any = f.Key != "" || f.Tenant != "" && !page.Own
	seesAll := req.actor.Require(policy.ScopeAuditRead) == nil
	if page.Own {
		page.Place = req.in.Tenant.Name
	} else {
		page.Views = activityViews(trafficPath)
	}
	for _, r := range trafficRanges() {
		other := f
		other.Range = string(r.key)
		page.Ranges = append(page.Ranges, choice{r.label, other.path(""), r.key == words.key})
	}
	if !page.Own {
		var err error
		if page.Tenants, err = c.tenantOrders(req, f.Tenant); err != nil {
			return err
		}
	}
	report, err := c.Service.Traffic(req.Context(), req.actor, req.in, f.wanted())
	if errors.Is(err, store.ErrNotFound) {
		page.Missing = true
		return c.show(req, "traffic", "Token traffic", page)
	}
	if err != nil {
		return err
	}
	total := report.Total
	page.Total, page.Issued, page.Refused = counted(total.Total()), counted(total.Issued()), counted(total.Refused())
	page.Share = share(total.Refused(), total.Total())
	page.Chart, page.Reasons, page.ByKey = trafficChart(report, words), reasonRows(total), report.Of.TenantID != ""
	if seesAll && total.Refused() > total[store.RefusedRequest] && report.Of.ClientID != store.TrafficPasswords {
		page.Trail = activityPath + "?" + activityFilter{Action: string(policy.ActionTokenRefused), Tenant: f.Tenant, Key: f.Key}.query().Encode()
	}
	if page.Whom, err = c.whomOf(req.Context(), report.Of, f); err != nil {
		return err
	}
	for _, part := range report.Parts {
		row, err := c.trafficRow(req.Context(), report.Of, part, f)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row.of(part.Counts, total))
	}
	if report.Smaller.Total() > 0 {
		page.Rows = append(page.Rows, trafficRow{Name: "All others"}.of(report.Smaller, total))
	}
	return c.show(req, "traffic", "Token traffic", page)
}

// whomOf returns the access key, or else the tenant, that the whole page is about, or nil.
func (c *Console) whomOf(ctx context.Context, of store.TrafficSource, f trafficFilter) (*trafficRow, error) {
	part := store.TrafficPart{ID: of.ClientID}
	switch {
	case of.TenantID == "":
		return nil, nil //nolint:nilnil // the account
	case of.ClientID == "":
		of, part.ID = store.TrafficSource{AccountID: of.AccountID}, of.TenantID
	}
	row, err := c.trafficRow(ctx, of, part, f)
	return &row, err
}

// tenantOrders returns the tenants to choose from, or none if there are too many.
func (c *Console) tenantOrders(req *request, chosen string) ([]order, error) {
	tenants, err := c.Store.Tenants(req.Context(), req.in.Account.ID, store.Page{Limit: maxListedTenants + 1})
	if err != nil || len(tenants) > maxListedTenants {
		return nil, err
	}
	orders := []order{{"", "All tenants", chosen == ""}}
	for _, tenant := range tenants {
		orders = append(orders, order{tenant.ID, tenant.Name, tenant.ID == chosen})
	}
	return orders, nil
}

// trafficRow returns the name and link of a tenant or key in the report.
func (c *Console) trafficRow(ctx context.Context, of store.TrafficSource, part store.TrafficPart, f trafficFilter) (trafficRow, error) {
	if of.TenantID == "" {
		tenant, err := c.Store.Tenant(ctx, part.ID)
		if errors.Is(err, store.ErrNotFound) {
			tenant, err = policy.Tenant{Name: part.ID}, nil
		}
		row := trafficRow{Name: tenant.Name, Path: f.of(part.ID, "").path("")}
		if quota := quotaText(tenant.TokensPerMinute); quota != "" {
			row.Sub = "quota of " + quota
		}
		return row, err
	}
	row := trafficRow{Name: part.ID, Code: true, Path: f.of(of.TenantID, part.ID).path("")}
	if part.ID == store.TrafficPasswords {
		row.Name, row.Code, row.Sub = "Passwords", false, "deprecated; no access key"
		return row, nil
	}
	subject, err := c.Store.SubjectByClientID(ctx, part.ID)
	if errors.Is(err, store.ErrNotFound) {
		row.Sub = goneKey
		return row, nil
	}
	if err != nil {
		return row, err
	}
	row.Sub = subject.User.Name
	key, err := subject.Membership.Key(part.ID)
	if err != nil {
		return row, nil //nolint:nilerr // it has just been revoked
	}
	if key.Label != "" {
		row.Sub = key.Label + " · " + row.Sub
	}
	if quota := quotaText(key.TokensPerMinute); quota != "" {
		row.Sub += " · quota of " + quota
	}
	return row, nil
}

func (r trafficRow) of(counts, total store.TrafficCounts) trafficRow {
	r.Issued, r.Refused, r.Share = counted(counts.Issued()), counted(counts.Refused()), share(counts.Total(), total.Total())
	r.Width = percent(counts.Total(), total.Total())
	return r
}
