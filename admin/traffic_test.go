package admin_test

import (
	"path/filepath"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
)

// Each range shows whole steps of the clock, of which the last has now in it, and nothing of before; and so does the store still hold all
// of it.
func TestTrafficRanges(t *testing.T) {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "mintkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	service := &admin.Service{Store: s}
	now := time.Date(2026, 3, 2, 9, 40, 30, 5, time.UTC)
	counts := map[store.TrafficKey]store.TrafficCounts{}
	for minute := range 100 * 24 * 60 {
		source := store.TrafficSource{AccountID: "a", TenantID: "t", ClientID: "mk_1"}
		counts[store.TrafficKey{TrafficSource: source, Minute: now.Unix()/60 - int64(minute)}] = store.TrafficCounts{store.TokenIssued: 1}
	}
	if err := s.RecordTraffic(t.Context(), counts); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetTraffic(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		of     admin.TrafficRange
		slices int
		length time.Duration
		first  time.Time
		last   int64 // minutes of the last slice
	}{
		{admin.TrafficHour, 60, time.Minute, time.Date(2026, 3, 2, 8, 41, 0, 0, time.UTC), 1},
		{admin.TrafficDay, 24, time.Hour, time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), 41},
		{admin.TrafficWeek, 28, 6 * time.Hour, time.Date(2026, 2, 23, 12, 0, 0, 0, time.UTC), 3*60 + 41},
		{admin.TrafficMonth, 30, policy.Day, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), 9*60 + 41},
		{admin.TrafficQuarter, 90, policy.Day, time.Date(2025, 12, 3, 0, 0, 0, 0, time.UTC), 9*60 + 41},
	} {
		in := admin.TenantContext{Account: policy.Account{ID: "a"}}
		report, err := service.Traffic(t.Context(), admin.Actor{At: now}, in, admin.TrafficFilter{Range: row.of})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Slices) != row.slices || report.Length != row.length || !report.Slices[0].From.Equal(row.first) {
			t.Errorf("%s has %d slices of %v from %v", row.of, len(report.Slices), report.Length, report.Slices[0].From)
		}
		whole := int64(row.length / time.Minute)
		for i, slice := range report.Slices {
			want := whole
			if i == len(report.Slices)-1 {
				want = row.last
			}
			if got := slice.Counts.Issued(); got != want {
				t.Errorf("%s has %d tokens from %v on, want %d", row.of, got, slice.From, want)
			}
		}
		want := whole*int64(row.slices-1) + row.last
		if got := report.Total.Issued(); got != want ||
			len(report.Parts) != 1 || report.Parts[0].Counts.Issued() != want || report.Smaller.Total() != 0 {
			t.Errorf("%s has %d tokens, want %d; parts %v, others %v", row.of, got, want, report.Parts, report.Smaller)
		}
	}
}
