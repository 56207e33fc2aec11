package store

import (
	"cmp"
	"slices"
	"time"
)

// TrafficStep is a resolution in which traffic is kept.
type TrafficStep int

// The steps. The finer one is, the sooner it is deleted.
const (
	TrafficMinutes TrafficStep = iota
	TrafficHours
	TrafficDays
)

const day = 24 * time.Hour

func trafficSteps() []TrafficStep { return []TrafficStep{TrafficMinutes, TrafficHours, TrafficDays} }

// Length is how long a step is.
func (s TrafficStep) Length() time.Duration {
	return []time.Duration{time.Minute, time.Hour, day}[s]
}

// Kept is for how long at least a count of the step is kept.
func (s TrafficStep) Kept() time.Duration {
	return []time.Duration{2 * time.Hour, 8 * day, 92 * day}[s]
}

// number counts the steps from 1970 to the one that has the time.
func (s TrafficStep) number(t time.Time) int64 { return t.Unix() / int64(s.Length()/time.Second) }

// TrafficSpan is some steps one after the other.
type TrafficSpan struct {
	Step  TrafficStep
	From  time.Time // in the first step
	Steps int       // how many
}

// At is when step i of the span begins.
func (s TrafficSpan) At(i int) time.Time {
	return time.Unix((s.Step.number(s.From)+int64(i))*int64(s.Step.Length()/time.Second), 0).UTC()
}

// Below is the layout of the counts that all stores share: a record for each source, step and chunk of so many steps,
// which holds a number for each cell that is not zero. So a key that is never idle has about ten records, and not hundreds.

const (
	chunkSteps = 60
	chunkCells = 8 // cells for each step, one for each outcome that is counted: all are taken
)

// TrafficRecord names a record. It is in a file with those that it is compared to.
type TrafficRecord struct {
	File  string // "a:" with an account ID for an account and its tenants, "t:" with a tenant ID for the access keys of a tenant
	Step  TrafficStep
	Chunk int64
	Name  string // a client ID or a tenant ID; empty for the whole account
}

// TrafficCells is what a record holds.
type TrafficCells map[int]int64

// Total is the sum of all cells.
func (c TrafficCells) Total() (sum int64) {
	for _, n := range c {
		sum += n
	}
	return sum
}

// Refused is the sum of all cells but those of tokens that were issued.
func (c TrafficCells) Refused() (sum int64) {
	for cell, n := range c {
		if Outcome(cell%chunkCells) != TokenIssued {
			sum += n
		}
	}
	return sum
}

// Record names the record of the source for the given chunk of a step.
func (of TrafficSource) Record(step TrafficStep, chunk int64) TrafficRecord {
	if of.ClientID != "" {
		return TrafficRecord{"t:" + of.TenantID, step, chunk, of.ClientID}
	}
	return TrafficRecord{"a:" + of.AccountID, step, chunk, of.TenantID}
}

// Parts is the record before those of the source's parts, which are in the same file and chunk with names that are not empty.
func (of TrafficSource) Parts(step TrafficStep, chunk int64) TrafficRecord {
	if of.TenantID != "" {
		return TrafficRecord{"t:" + of.TenantID, step, chunk, ""}
	}
	return TrafficRecord{"a:" + of.AccountID, step, chunk, ""}
}

// LayOutTraffic returns what to add to which records. Each count goes to its access key, its tenant and its account, in every step.
func LayOutTraffic(counts map[TrafficKey]TrafficCounts) map[TrafficRecord]TrafficCells {
	records := map[TrafficRecord]TrafficCells{}
	for key, some := range counts {
		at := time.Unix(key.Minute*60, 0)
		for _, step := range trafficSteps() {
			number := step.number(at)
			for _, source := range []TrafficSource{
				key.TrafficSource, {AccountID: key.AccountID, TenantID: key.TenantID}, {AccountID: key.AccountID},
			} {
				record := source.Record(step, number/chunkSteps)
				if records[record] == nil {
					records[record] = TrafficCells{}
				}
				for outcome, n := range some {
					if n != 0 {
						records[record][int(number%chunkSteps)*chunkCells+outcome] += n
					}
				}
			}
		}
	}
	return records
}

// Chunks are the chunks that have steps of the span.
func (s TrafficSpan) Chunks() (chunks []int64) {
	first := s.Step.number(s.From)
	for chunk := first / chunkSteps; chunk*chunkSteps < first+int64(s.Steps); chunk++ {
		chunks = append(chunks, chunk)
	}
	return chunks
}

// Read adds to the counts by step those cells of a chunk that are in the span.
func (s TrafficSpan) Read(to []TrafficCounts, chunk int64, cells TrafficCells) {
	s.each(chunk, cells, func(i int, outcome Outcome, n int64) { to[i][outcome] += n })
}

// Sum adds up those cells of a chunk that are in the span.
func (s TrafficSpan) Sum(chunk int64, cells TrafficCells) (sum TrafficCounts) {
	s.each(chunk, cells, func(_ int, outcome Outcome, n int64) { sum[outcome] += n })
	return sum
}

func (s TrafficSpan) each(chunk int64, cells TrafficCells, visit func(i int, outcome Outcome, n int64)) {
	first := s.Step.number(s.From)
	for cell, n := range cells {
		i := chunk*chunkSteps + int64(cell/chunkCells) - first
		if outcome := Outcome(cell % chunkCells); i >= 0 && i < int64(s.Steps) && outcome < outcomes {
			visit(int(i), outcome, n)
		}
	}
}

// Oldest is the first chunk of the step that may not be deleted yet.
func (s TrafficStep) Oldest(now time.Time) int64 { return s.number(now.Add(-s.Kept())) / chunkSteps }

// ChunkLength is how long a chunk of the step is.
func (s TrafficStep) ChunkLength() time.Duration { return chunkSteps * s.Length() }

// BusiestParts orders sums as Traffic.TrafficParts does.
func BusiestParts(sums map[string]TrafficCounts, limit int) []TrafficPart {
	return partsBy(sums, TrafficCounts.Total, limit)
}

// RefusedParts orders sums as Traffic.TrafficRefused does.
func RefusedParts(sums map[string]TrafficCounts, limit int) []TrafficPart {
	return partsBy(sums, TrafficCounts.Refused, limit)
}

func partsBy(sums map[string]TrafficCounts, by func(TrafficCounts) int64, limit int) []TrafficPart {
	parts := make([]TrafficPart, 0, len(sums))
	for id, counts := range sums {
		if by(counts) > 0 {
			parts = append(parts, TrafficPart{id, counts})
		}
	}
	slices.SortFunc(parts, func(a, b TrafficPart) int {
		return cmp.Or(cmp.Compare(by(b.Counts), by(a.Counts)), cmp.Compare(a.ID, b.ID))
	})
	return parts[:min(len(parts), limit)]
}
