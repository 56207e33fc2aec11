package server

import (
	"fmt"
	"strconv"
	"time"

	"mintkey/policy"
)

type expiryView struct {
	ClientID  string       `json:"client_id"`
	IssuedAt  time.Time    `json:"issued_at"`
	ExpiresAt *time.Time   `json:"expires_at"`
	Steps     []stepView   `json:"steps"`
	Notices   []noticeView `json:"notices"`
}

type stepView struct {
	policy.Revision
	Rule      policy.Rule `json:"rule"`
	ExpiresAt *time.Time  `json:"expires_at"`
	Text      string      `json:"text"`
}

type noticeView struct {
	DaysBefore int       `json:"days_before"`
	At         time.Time `json:"at"`
}

// getExpiry says when a key expires and why.
func (s *Server) getExpiry(c *call) (reply, error) {
	key, err := s.office.Key(c.Context(), c.actor, c.place, pathValue(c.Request, "client_id"))
	if err != nil {
		return reply{}, err
	}
	expiration := c.place.Account.Expiration
	answer := expiryView{
		ClientID: key.ClientID, IssuedAt: key.SecretIssuedAt(), ExpiresAt: orNull(key.Expiry(expiration)),
		Steps: []stepView{}, Notices: viewNotices(key.Expiry(expiration)),
	}
	for _, step := range expiration.Explain(key.SecretIssuedAt()) {
		answer.Steps = append(answer.Steps, stepView{step.Revision, step.Rule, orNull(step.ExpiresAt), explainStep(step)})
	}
	return ok(answer), nil
}

func viewNotices(expiry time.Time) []noticeView {
	notices := []noticeView{}
	if expiry.IsZero() {
		return notices
	}
	for _, days := range policy.NoticeDays() {
		notices = append(notices, noticeView{days, policy.NoticeTime(expiry, days)})
	}
	return notices
}

func explainStep(step policy.Step) string {
	days, at := step.Revision.PeriodDays, step.Revision.At.UTC().Format("2 January 2006")
	switch step.Rule {
	case policy.RuleIssuedUnderPolicy:
		return fmt.Sprintf("When the secret was made, keys expired after %d days.", days)
	case policy.RuleIssuedWithoutPolicy:
		return "When the secret was made, keys did not expire."
	case policy.RuleTurnedOff:
		return fmt.Sprintf("On %s the expiration policy was turned off: the key no longer expires.", at)
	case policy.RulePeriodGrew:
		return fmt.Sprintf("On %s the period became %d days, counted from when the secret was made.", at, days)
	case policy.RuleWholePeriodFromNow:
		return fmt.Sprintf("On %s the period became %d days: the key got that long from the day of the change.", at, days)
	case policy.RulePresentExpiryKept:
		return fmt.Sprintf("On %s the period became %d days; the key expires before that anyway.", at, days)
	case policy.RuleAlreadyExpired:
		return fmt.Sprintf("The change of %s came after the key had expired, and revives nothing.", at)
	default:
		return string(step.Rule)
	}
}

type calendarEntry struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // expiry or notice
	DaysBefore int       `json:"days_before,omitempty"`
	ClientID   string    `json:"client_id"`
	TenantID   string    `json:"tenant_id"`
	UserID     string    `json:"user_id"`
	Email      string    `json:"email"`
	Label      string    `json:"label"`
}

// calendar lists the expiries and notices of the coming days, soonest first.
func (s *Server) calendar(c *call) (reply, error) {
	q, err := c.query("days")
	if err != nil {
		return reply{}, err
	}
	days := policy.DefaultCalendarDays
	if text := q.Get("days"); text != "" {
		if days, err = strconv.Atoi(text); err != nil || days < 1 || days > policy.MaxCalendarDays {
			return reply{}, refuse(errInvalidRequest, "days must be between 1 and %d.", policy.MaxCalendarDays)
		}
	}
	upcoming, err := s.office.Calendar(c.Context(), c.actor, c.place, c.at().Add(time.Duration(days)*policy.Day))
	answer := list[calendarEntry]{Items: make([]calendarEntry, len(upcoming))}
	for i, u := range upcoming {
		kind := "notice"
		if u.DaysBefore == 0 {
			kind = "expiry"
		}
		answer.Items[i] = calendarEntry{u.At.UTC(), kind, u.DaysBefore, u.ClientID, u.TenantID, u.UserID, u.Email, u.Label}
	}
	return ok(answer), err
}
