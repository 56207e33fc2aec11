package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mintkey/policy"
)

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// day is midnight, n days after the first day of the tests.
func day(n int) time.Time { return date(2024, time.January, 1).AddDate(0, 0, n) }

// on and off make revisions on such a day.
func on(n, period int) policy.Revision {
	return policy.Revision{At: day(n), Enabled: true, PeriodDays: period}
}

func off(n int) policy.Revision {
	return policy.Revision{At: day(n), PeriodDays: policy.DefaultPeriodDays}
}

// equal fails the test unless got is want; errors compare with errors.Is.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
