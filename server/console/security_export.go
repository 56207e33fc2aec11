package console

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

const (
	previewExportPath = securityPath + "/preview/export"
	previewChunk      = 500 // how many names are looked up at a time
)

// previewExport is the path of the whole preview of a change.
func previewExport(change policy.PolicyChange) string {
	q := url.Values{"period_days": {strconv.Itoa(change.PeriodDays)}}
	if change.Enabled {
		q.Set("enabled", "on")
	}
	return previewExportPath + "?" + q.Encode()
}

// exportPreview sends all access keys whose expiry the change in the query would move, soonest first.
func (c *Console) exportPreview(req *request) error {
	affected, err := c.Service.PreviewPolicy(req.Context(), req.actor, req.in, req.policyChange(), admin.IfMatch{})
	if err != nil {
		return err
	}
	w, err := req.table("mintkey-policy-preview-"+req.in.Account.ID,
		[]string{"client_id", "user_id", "user_name", "tenant_id", "tenant_name", "expires_now", "would_expire"})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(affected, previewChunk) {
		if err = c.writePreview(req, w, some); err != nil {
			break
		}
	}
	return w.end(err)
}

func (c *Console) writePreview(req *request, w csvWriter, affected []admin.Affected) error {
	var ids, tenants []string
	for _, a := range affected {
		ids, tenants = append(ids, a.UserID), append(tenants, a.TenantID)
	}
	named, err := c.nameUsers(req.Context(), req.in.Account.ID, ids)
	if err != nil {
		return err
	}
	if named.tenants, err = c.nameTenants(req.Context(), req.in.Account.ID, tenants); err != nil {
		return err
	}
	for _, a := range affected {
		err := w.row(a.ClientID, a.UserID, named.user(a.UserID), a.TenantID, named.tenant(a.TenantID),
			instantOrNever(a.Before), instantOrNever(a.After))
		if err != nil {
			return err
		}
	}
	return nil
}

// instantOrNever is empty for never.
func instantOrNever(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
