package console

import (
	"encoding/csv"
	"io"
	"time"
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
	if _, err := io.WriteString(req.w, byteOrderMark); err != nil {
		return err
	}
	return csv.NewWriter(req.w).WriteAll(report.Table())
}
