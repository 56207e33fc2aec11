package admin

import (
	"context"
	"errors"
	"strconv"
	"time"

	"mintkey/store"
)

// TrafficRange is how far a report looks back.
type TrafficRange string

// The ranges.
const (
	TrafficHour    TrafficRange = "1h"
	TrafficDay     TrafficRange = "24h"
	TrafficWeek    TrafficRange = "7d"
	TrafficMonth   TrafficRange = "30d"
	TrafficQuarter TrafficRange = "90d"
)

// TrafficRanges are all ranges.
func TrafficRanges() []TrafficRange {
	return []TrafficRange{TrafficHour, TrafficDay, TrafficWeek, TrafficMonth, TrafficQuarter}
}

// steps returns which steps a range reads, and how many of them are shown as one.
func (r TrafficRange) steps() (step store.TrafficStep, steps, together int) {
	switch r {
	case TrafficHour:
		return store.TrafficMinutes, 60, 1
	case TrafficWeek:
		return store.TrafficHours, 7 * 24, 6
	case TrafficMonth:
		return store.TrafficDays, 30, 1
	case TrafficQuarter:
		return store.TrafficDays, 90, 1
	default:
		return store.TrafficHours, 24, 1
	}
}

// span ends with the step, or with the group shown as one, that now falls into: a report shows whole steps of the clock, and the last one
// is not over yet.
func (r TrafficRange) span(now time.Time) store.TrafficSpan {
	step, steps, together := r.steps()
	length := time.Duration(together) * step.Length()
	return store.TrafficSpan{Step: step, From: now.Truncate(length).Add(length - time.Duration(steps)*step.Length()), Steps: steps}
}

// TrafficFilter selects token requests: of an access key, of a whole tenant without a ClientID, of a whole account without a TenantID
// either.
type TrafficFilter struct {
	Range    TrafficRange // anything but one of the ranges means a day
	TenantID string
	ClientID string
}

// TrafficSlice counts the requests of one interval.
type TrafficSlice struct {
	From   time.Time
	Counts store.TrafficCounts
}

// TrafficReport counts token requests by time and by client.
type TrafficReport struct {
	Of      store.TrafficSource
	Steps   []TrafficSlice // as fine as the store keeps them
	Step    time.Duration  // the length of each of these
	Slices  []TrafficSlice // as they are shown
	Length  time.Duration  // of a slice
	Total   store.TrafficCounts
	Parts   []store.TrafficPart // the busiest tenants of the account or access keys of the tenant; none of an access key
	Smaller store.TrafficCounts // of those that are not among the parts
}

// trafficParts is how many parts a report has at most.
const trafficParts = 20

// Traffic reports how many tokens were issued and refused in the account. It returns store.ErrNotFound for a tenant or an
// access key of another account, and for an access key of another tenant than the filter's.
func (s *Service) Traffic(ctx context.Context, actor Actor, in TenantContext, filter TrafficFilter) (TrafficReport, error) {
	source, err := s.trafficSource(ctx, in, filter)
	if err != nil {
		return TrafficReport{}, err
	}
	span := filter.Range.span(actor.At)
	counts, err := s.Store.Traffic(ctx, source, span)
	if err != nil {
		return TrafficReport{}, err
	}
	_, _, together := filter.Range.steps()
	report := TrafficReport{Of: source, Step: span.Step.Length(), Length: time.Duration(together) * span.Step.Length()}
	for i, some := range counts {
		report.Steps = append(report.Steps, TrafficSlice{span.At(i), some})
		if i%together == 0 {
			report.Slices = append(report.Slices, TrafficSlice{From: span.At(i)})
		}
		last := &report.Slices[len(report.Slices)-1]
		last.Counts = last.Counts.Plus(some)
		report.Total = report.Total.Plus(some)
	}
	if source.ClientID != "" {
		return report, nil
	}
	report.Parts, err = s.Store.TrafficParts(ctx, source, span, trafficParts)
	report.Smaller = report.Total
	for _, part := range report.Parts {
		for outcome, n := range part.Counts {
			report.Smaller[outcome] = max(report.Smaller[outcome]-n, 0) // tokens may have been issued since the total was read
		}
	}
	return report, err
}

// Table is the report by time, with a head, for spreadsheets.
func (r TrafficReport) Table() [][]string {
	head := []string{"from", "issued", "refused"}
	for _, reason := range store.Refusals() {
		head = append(head, reason.String())
	}
	rows := [][]string{head}
	for _, step := range r.Steps {
		counts := []int64{step.Counts.Issued(), step.Counts.Refused()}
		for _, reason := range store.Refusals() {
			counts = append(counts, step.Counts[reason])
		}
		row := []string{step.From.Format(time.RFC3339)}
		for _, n := range counts {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	return rows
}

// trafficSource finds what the filter names, within the account.
func (s *Service) trafficSource(ctx context.Context, in TenantContext, filter TrafficFilter) (store.TrafficSource, error) {
	source := store.TrafficSource{AccountID: in.Account.ID, TenantID: filter.TenantID, ClientID: filter.ClientID}
	if filter.TenantID != "" {
		tenant, err := s.Store.Tenant(ctx, filter.TenantID)
		if err != nil {
			return source, err
		}
		if tenant.AccountID != in.Account.ID {
			return source, store.ErrNotFound
		}
	}
	if filter.ClientID == "" || filter.ClientID == store.TrafficPasswords && filter.TenantID != "" {
		return source, nil
	}
	owner, _, err := s.OwnerOf(ctx, filter.ClientID)
	if errors.Is(err, store.ErrNotFound) && filter.TenantID != "" {
		return source, nil // an access key that is gone may still have been counted there
	}
	if err != nil {
		return source, err
	}
	if owner.AccountID != in.Account.ID || filter.TenantID != "" && filter.TenantID != owner.TenantID {
		return source, store.ErrNotFound
	}
	source.TenantID = owner.TenantID
	return source, nil
}
