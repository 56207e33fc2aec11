package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// told lists what the trail of acme says of the passing of time, oldest first.
func told(t testing.TB, s store.AuditTrail) []string {
	t.Helper()
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 10_000})
	must(t, err)
	var lines []string
	for _, e := range slices.Backward(events) {
		if e.Actor.Via == "server" {
			line := fmt.Sprintf("%s %s", e.ClientID, e.Action)
			if days := e.Details["days_before"]; days != "" {
				line += " " + days
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func TestALife(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	scheduler := &notify.Scheduler{Store: s}
	second := time.Second
	var got []string
	for _, moment := range []time.Time{
		after(60).Add(-second), after(60), after(60).Add(second), after(83).Add(-second), after(83), after(89).Add(-second), after(89),
		after(90).Add(-second), after(90), after(120).Add(-second), after(120), after(200),
	} {
		before := len(told(t, s))
		must(t, scheduler.Tick(t.Context(), moment))
		for _, line := range told(t, s)[before:] {
			got = append(got, fmt.Sprintf("%.2f %s", moment.Sub(noon).Hours()/24, line))
		}
	}
	want := []string{
		"60.00 mk_1 key.expiring 30", "83.00 mk_1 key.expiring 7", "89.00 mk_1 key.expiring 1",
		"90.00 mk_1 key.expired", "120.00 mk_1 key.purged",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if m, err := s.Membership(t.Context(), "load", "ada"); err != nil || len(m.Keys) > 0 || !m.Exists() {
		t.Errorf("%+v, %v: want Ada without keys", m, err)
	}
	if _, err := s.SubjectByClientID(t.Context(), "mk_1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the client ID can still be looked up: %v", err)
	}
}

// A server that was down for long says the most urgent thing only.
func TestAfterALongSleep(t *testing.T) {
	for days, want := range map[int][]string{
		84:  {"mk_1 key.expiring 7"},
		89:  {"mk_1 key.expiring 1"},
		95:  {"mk_1 key.expired"},
		125: {"mk_1 key.purged"},
	} {
		s := openBolt(t)
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		must(t, (&notify.Scheduler{Store: s}).Tick(t.Context(), after(days)))
		if diff := cmp.Diff(want, told(t, s)); diff != "" {
			t.Errorf("day %d: %s", days, diff)
		}
	}
}

// The clock jumps half a year ahead, and back. Keys that are made afterwards are looked after as ever.
func TestTheClockJumps(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	scheduler := &notify.Scheduler{Store: s}
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	must(t, scheduler.Tick(t.Context(), after(1)))
	addKey(t, s, "grace", newKey("mk_ahead", "", after(180)))
	must(t, scheduler.Tick(t.Context(), after(300))) // mk_1 and mk_ahead are gone
	must(t, scheduler.Tick(t.Context(), after(2)))
	addKey(t, s, "ada", newKey("mk_2", "", after(3)))
	for day := 3; day < 130; day++ {
		must(t, scheduler.Tick(t.Context(), after(day)))
	}
	var got []string
	for _, line := range told(t, s) {
		if line[:4] == "mk_2" {
			got = append(got, line)
		}
	}
	want := []string{"mk_2 key.expiring 30", "mk_2 key.expiring 7", "mk_2 key.expiring 1", "mk_2 key.expired", "mk_2 key.purged"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A change of the policy moves expiries to before the place where the walk has come.
func TestAChangeOfThePolicyBeginsAnew(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	scheduler := &notify.Scheduler{Store: s}
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	addKey(t, s, "grace", newKey("mk_2", "", noon))
	must(t, scheduler.Tick(t.Context(), after(61)))
	revise(t, s, policy.PolicyChange{Enabled: true, PeriodDays: 120}, after(62))
	must(t, scheduler.Tick(t.Context(), after(62)))
	must(t, scheduler.Tick(t.Context(), after(90)))
	must(t, scheduler.Tick(t.Context(), after(113)))
	want := []string{
		"mk_1 key.expiring 30", "mk_2 key.expiring 30", "mk_1 key.expiring 30", "mk_2 key.expiring 30",
		"mk_1 key.expiring 7", "mk_2 key.expiring 7",
	}
	got := told(t, s)
	for _, pair := range [][]string{got[:min(2, len(got))], got[min(2, len(got)):min(4, len(got))], got[min(4, len(got)):]} {
		if len(pair) == 2 && pair[0] > pair[1] { // at one instant in any order
			pair[0], pair[1] = pair[1], pair[0]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// brokenStore cannot change the membership of Ada, until it is mended.
type brokenStore struct {
	fullStore
	mended atomic.Bool
}

var errBroken = errors.New("this record cannot be read")

func (s *brokenStore) UpdateMembership(ctx context.Context, tenant, user string, change store.MembershipChange) error {
	if user == "ada" && !s.mended.Load() {
		return errBroken
	}
	return s.fullStore.UpdateMembership(ctx, tenant, user, change)
}

func TestABrokenRecordHoldsNobodyUp(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	addKey(t, s, "grace", newKey("mk_2", "", noon.Add(time.Second)))
	broken := &brokenStore{fullStore: s}
	scheduler := &notify.Scheduler{Store: broken}
	if err := scheduler.Tick(t.Context(), after(61)); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want one that says what is broken", err)
	}
	if diff := cmp.Diff([]string{"mk_2 key.expiring 30"}, told(t, s)); diff != "" {
		t.Error(diff)
	}
	broken.mended.Store(true)
	must(t, scheduler.Tick(t.Context(), after(62)))
	if diff := cmp.Diff([]string{"mk_2 key.expiring 30", "mk_1 key.expiring 30"}, told(t, s)); diff != "" {
		t.Error(diff)
	}
}

// Many keys come to their thresholds at once, over more than one page of the walk.
func TestManyAtOnce(t *testing.T) {
	const users = 600
	s := openBolt(t)
	small(t, s)
	var want []string
	var group sync.WaitGroup
	for i := range users {
		user := fmt.Sprintf("user-%04d", i)
		want = append(want, "mk_"+user+" key.expiring 7")
		group.Go(func() {
			must(t, s.CreateUser(t.Context(), policy.User{ID: user, AccountID: "acme", Name: user, Email: user + "@example.com"}))
			changeMembership(t, s, user, func(m policy.Membership) (policy.Membership, error) {
				m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{newKey("mk_"+user, "", noon.Add(time.Duration(i)*time.Second))}
				return m, nil
			})
		})
	}
	group.Wait()
	counting := &countingStore{fullStore: s}
	scheduler := &notify.Scheduler{Store: counting}
	must(t, scheduler.Tick(t.Context(), after(84)))
	if n := counting.memberships.Load(); n > int64(3*users) {
		t.Errorf("%d memberships were read for %d keys and three thresholds", n, users)
	}
	counting.memberships.Store(0)
	must(t, scheduler.Tick(t.Context(), after(84)))
	if n := counting.memberships.Load(); n > 0 {
		t.Errorf("%d memberships were read when nothing was due", n)
	}
	got := map[string]int{}
	for _, line := range told(t, s) {
		got[line]++
	}
	for _, line := range want {
		if got[line] != 1 {
			t.Errorf("%s: %d times", line, got[line])
		}
	}
	if len(got) != users {
		t.Errorf("%d events, want %d", len(got), users)
	}
}
