package policy

import (
	"slices"
	"time"
)

// Day is the unit of periods.
const Day = 24 * time.Hour

// The allowed lengths of a key's life, in days (R10): from the shortest to the longest in equal steps.
const (
	MinPeriodDays  = 90
	MaxPeriodDays  = 360
	PeriodStepDays = 30
)

// DefaultPeriodDays is the period of a new account's policy, in days.
const DefaultPeriodDays = 90

// Periods are the allowed lengths of a key's life in days, shortest first.
func Periods() []int {
	var periods []int
	for days := MinPeriodDays; days <= MaxPeriodDays; days += PeriodStepDays {
		periods = append(periods, days)
	}
	return periods
}

// Revision is one state of an account's expiration policy, in force from At until the next revision.
type Revision struct {
	At         time.Time `json:"at"`
	Enabled    bool      `json:"enabled"`
	PeriodDays int       `json:"period_days"`
}

// Period is the length of a key's life under the revision.
func (r Revision) Period() time.Duration { return time.Duration(r.PeriodDays) * Day }

// ExpirationPolicy is an account's revisions, oldest first. It is never empty: an account is made with one.
type ExpirationPolicy []Revision

// DefaultExpirationPolicy is what a new account starts with: on, with DefaultPeriodDays (R10).
func DefaultExpirationPolicy(now time.Time) ExpirationPolicy {
	return ExpirationPolicy{{At: now, Enabled: true, PeriodDays: DefaultPeriodDays}}
}

// InForce is the revision in force at t. Before the first revision that is the first one.
func (p ExpirationPolicy) InForce(t time.Time) Revision {
	if len(p) == 0 {
		return Revision{}
	}
	return p[p.indexAt(t)]
}

func (p ExpirationPolicy) indexAt(t time.Time) int {
	i := len(p) - 1
	for i > 0 && p[i].At.After(t) {
		i--
	}
	return i
}

// PolicyChange is a change of the policy that an account admin requests.
type PolicyChange struct {
	Enabled         bool
	PeriodDays      int // 0 keeps the current period
	AcknowledgeRisk bool
}

// Revise returns the policy after the change, and p itself if nothing changes. Turning the policy off without the acknowledgement is
// ErrAcknowledgementRequired (R11), a period outside Periods is ErrInvalidPeriod.
//
// A revision later than now is dropped: it was made under a clock that has been set back since (a rehearsal with a shifted clock), and
// under this clock it has not happened. Dropping one counts as a change.
func (p ExpirationPolicy) Revise(change PolicyChange, now time.Time) (ExpirationPolicy, error) {
	current := p.InForce(now)
	next := Revision{At: now, Enabled: change.Enabled, PeriodDays: change.PeriodDays}
	if next.PeriodDays == 0 {
		next.PeriodDays = current.PeriodDays
	}
	if !slices.Contains(Periods(), next.PeriodDays) {
		return p, ErrInvalidPeriod
	}
	if current.Enabled && !next.Enabled && !change.AcknowledgeRisk {
		return p, ErrAcknowledgementRequired
	}
	past := slices.DeleteFunc(slices.Clone(p), func(r Revision) bool { return r.At.After(now) })
	if len(past) == len(p) && current.Enabled == next.Enabled && current.PeriodDays == next.PeriodDays {
		return p, nil
	}
	return append(past, next), nil
}

// Rule says which part of R12 a step of Explain applied.
type Rule string

// The rules of a Step.
const (
	RuleIssuedUnderPolicy   Rule = "issued_under_policy"    // issue + period
	RuleIssuedWithoutPolicy Rule = "issued_without_policy"  // never
	RuleTurnedOff           Rule = "turned_off"             // never
	RulePeriodGrew          Rule = "period_grew"            // issue + the new period
	RuleWholePeriodFromNow  Rule = "whole_period_on_change" // the change + the new period
	RulePresentExpiryKept   Rule = "present_expiry_kept"    // the expiry so far is earlier than the change + the new period
	RuleAlreadyExpired      Rule = "already_expired"        // no change revives an expired key
)

// Step is what one revision did to a key's expiry.
type Step struct {
	Revision  Revision
	Rule      Rule
	ExpiresAt time.Time // zero: never
}

// Expiry is the instant at which a secret issued at the given time stops working (R12). The zero time is never.
func (p ExpirationPolicy) Expiry(issued time.Time) time.Time {
	var expiry time.Time
	p.fold(issued, func(s Step) { expiry = s.ExpiresAt })
	return expiry
}

// Explain is the computation of Expiry step by step: first the revision in force at issue, then each later one.
func (p ExpirationPolicy) Explain(issued time.Time) []Step {
	var steps []Step
	p.fold(issued, func(s Step) { steps = append(steps, s) })
	return steps
}

func (p ExpirationPolicy) fold(issued time.Time, visit func(Step)) {
	if len(p) == 0 {
		return
	}
	start := p.indexAt(issued)
	step := Step{Revision: p[start], Rule: RuleIssuedWithoutPolicy}
	if step.Revision.Enabled {
		step.Rule, step.ExpiresAt = RuleIssuedUnderPolicy, issued.Add(step.Revision.Period())
	}
	visit(step)
	for _, revision := range p[start+1:] {
		step = step.next(issued, revision)
		visit(step)
	}
}

func (s Step) next(issued time.Time, r Revision) Step {
	present := s.ExpiresAt
	switch {
	case Expired(present, r.At):
		return Step{r, RuleAlreadyExpired, present}
	case !r.Enabled:
		return Step{r, RuleTurnedOff, time.Time{}}
	}
	full, fromChange := issued.Add(r.Period()), r.At.Add(r.Period())
	switch {
	case !present.IsZero() && !full.Before(present):
		return Step{r, RulePeriodGrew, full}
	case present.IsZero() || fromChange.Before(present):
		return Step{r, RuleWholePeriodFromNow, fromChange}
	default:
		return Step{r, RulePresentExpiryKept, present}
	}
}

// Expired says whether an expiry, which may be zero for never, is past.
func Expired(expiry, now time.Time) bool { return !expiry.IsZero() && !now.Before(expiry) }

// Earlier is the earlier of two expiries, of which zero means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
