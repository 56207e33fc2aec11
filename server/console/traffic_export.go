package console

import (
	"encoding/csv"
	"strconv"
	"time"

	"mintkey/store"
)

// exportTraffic sends the counts by time, as fine as they are kept.
func (c *Console) exportTraffic(v *visit) error {
	report, err := c.Service.Traffic(v.Context(), v.actor, v.place, v.trafficFilter().wanted())
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="mintkey-traffic-`+v.place.Account.ID+"-"+v.about.At.Format(time.DateOnly)+`.csv"`)
	table := csv.NewWriter(v.w)
	rows := [][]string{{"from", "issued", "refused", "wrong_secret", "expired", "revoked", "user_disabled", "not_allowed"}}
	for _, step := range report.Steps {
		row := []string{step.From.Format(time.RFC3339), strconv.FormatInt(step.Counts.Issued(), 10), strconv.FormatInt(step.Counts.Refused(), 10)}
		for _, outcome := range []store.Outcome{store.RefusedWrongSecret, store.RefusedExpired, store.RefusedRevoked, store.RefusedUserDisabled, store.RefusedRequest} {
			row = append(row, strconv.FormatInt(step.Counts[outcome], 10))
		}
		rows = append(rows, row)
	}
	return table.WriteAll(rows)
}
