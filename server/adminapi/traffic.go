package adminapi

import (
	"cmp"
	"mime"
	"slices"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/server/api"
	"mintkey/server/web"
	"mintkey/store"
)

// AccountTraffic counts the token requests of the account, or of one of its tenants or access keys.
func (a *API) AccountTraffic(c *Call) (Reply, error) {
	q, err := c.parameters("range", "format", "tenant_id", "client_id")
	if err != nil {
		return Reply{}, err
	}
	return a.traffic(c, q, q.Get("tenant_id"))
}

// TenantTraffic counts the token requests of the tenant, or of one of its access keys.
func (a *API) TenantTraffic(c *Call) (Reply, error) {
	q, err := c.parameters("range", "format", "client_id")
	if err != nil {
		return Reply{}, err
	}
	return a.traffic(c, q, c.in.Tenant.ID)
}

func (a *API) traffic(c *Call, q query, tenantID string) (Reply, error) {
	span := admin.TrafficRange(cmp.Or(q.Get("range"), string(admin.TrafficDay)))
	if known := admin.TrafficRanges(); !slices.Contains(known, span) {
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "range must be 1h, 24h, 7d, 30d or 90d.")
	}
	asCSV, err := c.wantsCSV(q.Get("format"))
	if err != nil {
		return Reply{}, err
	}
	filter := admin.TrafficFilter{Range: span, TenantID: tenantID, ClientID: q.Get("client_id")}
	report, err := a.service.Traffic(c.Context(), c.actor, c.in, filter)
	if err != nil {
		return Reply{}, err
	}
	if asCSV {
		return Reply{table: report.Table()}, nil
	}
	return ok(viewTraffic(report, span)), nil
}

// wantsCSV says whether the answer is to be text/csv: by the parameter, or else because the caller likes that best.
func (c *Call) wantsCSV(format string) (bool, error) {
	switch format {
	case "csv":
		return true, nil
	case "json":
		return false, nil
	case "":
		best, _, _ := strings.Cut(c.Header.Get("Accept"), ",")
		mediaType, _, err := mime.ParseMediaType(best)
		return err == nil && mediaType == "text/csv", nil
	default:
		return false, web.Refuse(web.ErrInvalidRequest, "format must be json or csv.")
	}
}

func viewTraffic(report admin.TrafficReport, span admin.TrafficRange) api.Traffic {
	view := api.Traffic{
		AccountID: report.Of.AccountID, TenantID: report.Of.TenantID, ClientID: report.Of.ClientID, Range: string(span),
		StepSeconds: int(report.Step / time.Second), Total: viewCounts(report.Total), Others: viewCounts(report.Smaller),
		Steps: []api.TrafficStep{}, Parts: []api.TrafficPart{},
	}
	for _, step := range report.Steps {
		view.Steps = append(view.Steps, api.TrafficStep{From: step.From.UTC(), TrafficCounts: viewCounts(step.Counts)})
	}
	for _, part := range report.Parts {
		of := api.TrafficPart{TrafficCounts: viewCounts(part.Counts)}
		if report.Of.TenantID == "" {
			of.TenantID = part.ID
		} else {
			of.ClientID = part.ID
		}
		view.Parts = append(view.Parts, of)
	}
	return view
}

func viewCounts(counts store.TrafficCounts) api.TrafficCounts {
	view := api.TrafficCounts{Issued: counts.Issued(), Refused: counts.Refused(), Reasons: map[string]int64{}}
	for _, reason := range store.Refusals() {
		if n := counts[reason]; n > 0 {
			view.Reasons[reason.String()] = n
		}
	}
	return view
}
