package console

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
)

const exportBatch = 1000

// exportActivity sends every event that the filter selects.
func (c *Console) exportActivity(req *request) error {
	wanted, err := c.events(req, req.activityFilter())
	if err != nil {
		return err
	}
	h, name := req.w.Header(), "mintkey-activity-"+req.in.Account.ID+"-"+req.info.At.Format(time.DateOnly)
	write, mediaType, extension := writeEventsCSV, "text/csv; charset=utf-8", ".csv"
	if req.Form.Get("format") == "json" {
		write, mediaType, extension = writeEventsJSON, "application/json", ".json"
	}
	first, next, err := c.Service.Events(req.Context(), req.in, wanted, "", exportBatch)
	if err != nil {
		return err
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+name+extension+`"`)
	return write(req.w, func(yield func([]policy.Event, names) error) error {
		return c.eachBatch(req, wanted, first, next, yield)
	})
}

// eachBatch yields the events of the batch already loaded, then loads and yields the rest, with the names that they need.
func (c *Console) eachBatch(
	req *request, wanted admin.EventFilter, events []policy.Event, next string, yield func([]policy.Event, names) error,
) error {
	for {
		known, err := c.namesIn(req.Context(), req.in.Account.ID, events)
		if err != nil {
			return err
		}
		if err := yield(events, known); err != nil || next == "" {
			return err
		}
		if events, next, err = c.Service.Events(req.Context(), req.in, wanted, next, exportBatch); err != nil {
			return err
		}
	}
}

type eachBatch func(yield func([]policy.Event, names) error) error

func writeEventsJSON(w io.Writer, each eachBatch) error {
	if _, err := io.WriteString(w, "["); err != nil {
		return err
	}
	separator := "\n"
	err := each(func(events []policy.Event, _ names) error {
		for _, e := range events {
			line, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if _, err = io.WriteString(w, separator+string(line)); err != nil {
				return err
			}
			separator = ",\n"
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n]\n")
	return err
}

func writeEventsCSV(w io.Writer, each eachBatch) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	header := []string{
		"id", "at", "action", "actor_user_id", "actor_client_id", "via", "address", "request_id",
		"tenant_id", "user_id", "client_id", "details",
		"actor_name", "user_name", "tenant_name", // behind what programs count on
	}
	if err := table.Write(header); err != nil {
		return err
	}
	err := each(func(events []policy.Event, names names) error {
		for _, e := range events {
			row := []string{
				e.ID, e.At.UTC().Format(time.RFC3339Nano), string(e.Action), e.Actor.UserID, e.Actor.ClientID,
				e.Actor.Via, e.Actor.Address, e.Actor.RequestID,
				e.TenantID, e.UserID, e.ClientID, strings.Join(detailTexts(e.Details), "; "),
				names.user(e.Actor.UserID), names.user(e.UserID), names.tenant(e.TenantID),
			}
			for i := range row {
				row[i] = web.SpreadsheetCell(row[i])
			}
			if err := table.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	table.Flush()
	if err != nil {
		return err
	}
	return table.Error()
}
