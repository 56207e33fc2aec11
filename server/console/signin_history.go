package console

import (
	"net/url"
	"strconv"
	"strings"

	"mintkey/policy"
)

// historyDays is how far back the history of one's sign-ins goes.
const historyDays = 90

type historyPage struct {
	Rows  []historyRow
	Days  int
	Older string // where to look further back; empty at the end
}

type historyRow struct {
	At     stamp
	Did    string
	How    string
	From   string
	Failed bool
}

// signInHistory shows the visitor their own sign-ins, failed ones too, from the audit trail.
func (c *Console) signInHistory(req *request) error {
	since := req.info.At.AddDate(0, 0, -historyDays)
	events, next, err := c.Service.SignInHistory(req.Context(), req.actor, since, req.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	page := historyPage{Days: historyDays}
	for _, event := range events {
		page.Rows = append(page.Rows, c.newHistoryRow(event, req))
	}
	if next != "" {
		page.Older = signInsPath + "?after=" + url.QueryEscape(next)
	}
	return c.show(req, "sign-ins", "Sign-in history", page)
}

func (c *Console) newHistoryRow(e policy.Event, req *request) historyRow {
	row := historyRow{At: newStamp(e.At, req.info.At), Did: actionText(e.Action), From: e.Actor.Address}
	var how []string
	add := func(text string) {
		if text != "" {
			how = append(how, text)
		}
	}
	add(c.methodText(e.Details["method"]))
	add(e.Details["browser"])
	switch e.Action {
	case policy.ActionSessionRefused, policy.ActionTokenRefused:
		row.Failed = true
		add(strings.ReplaceAll(e.Details["reason"], "_", " "))
		if times, _ := strconv.Atoi(e.Details["count"]); times > 1 {
			add(plural(times, "time"))
		}
	case policy.ActionSessionEnded:
		if e.Actor.UserID != req.actor.User.ID {
			add("by an admin")
		}
		if e.Details["everywhere"] == "true" {
			add("everywhere")
		}
	default:
	}
	row.How = strings.Join(how, ", ")
	return row
}
