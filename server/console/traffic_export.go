package console

import (
	"encoding/csv"
	"strconv"
	"time"

	"mintkey/store"
)

// exportTraffic sends the counts by time, in the finest steps that are kept.
func (c *Console) exportTraffic(req *request) error {
	report, err := c.Service.Traffic(req.Context(), req.actor, req.in, req.trafficFilter().wanted())
	if err != nil {
		return err
	}
	h := req.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="mintkey-traffic-`+req.in.Account.ID+"-"+req.info.At.Format(time.DateOnly)+`.csv"`)
	table := csv.NewWriter(req.w)
	head := []string{"from", "issued", "refused"}
	for _, reason := range store.Refusals() {
		head = append(head, reason.String())
	}
	rows := [][]string{head}
	for _, step := range report.Steps {
		row := []string{step.From.Format(time.RFC3339), strconv.FormatInt(step.Counts.Issued(), 10), strconv.FormatInt(step.Counts.Refused(), 10)}
		for _, reason := range store.Refusals() {
			row = append(row, strconv.FormatInt(step.Counts[reason], 10))
		}
		rows = append(rows, row)
	}
	return table.WriteAll(rows)
}
