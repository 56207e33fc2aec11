package console

import (
	"errors"
	"slices"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// checkFilter refuses what the trail can't be narrowed to. Ignoring it would show more than was asked for, and an export would keep it.
func (c *Console) checkFilter(req *request, f activityFilter) error {
	if f.Action != "" && !slices.ContainsFunc(actions(""), func(o order) bool { return o.Value == f.Action }) {
		return &filterError{"action", f.Action}
	}
	for _, day := range []string{f.Since, f.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			if _, err := time.Parse(time.RFC3339, day); err != nil {
				return &filterError{"day", day}
			}
		}
	}
	if f.Tenant == "" {
		return nil
	}
	tenant, err := c.Store.Tenant(req.Context(), f.Tenant)
	if errors.Is(err, store.ErrNotFound) || err == nil && tenant.AccountID != req.in.Account.ID || policy.CheckID(f.Tenant) != nil {
		return &filterError{"tenant", f.Tenant}
	}
	return err
}
