package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// recorder is a Channel that answers what it is told to.
type recorder struct {
	name    string
	answer  func(ctx context.Context, event policy.Event) error
	mu      sync.Mutex
	tried   []string // event IDs
	deliver []string
}

func (r *recorder) Name() string { return r.name }

func (r *recorder) Deliver(ctx context.Context, event policy.Event, _ notify.SubjectFunc, _ time.Time) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = append(r.tried, event.ID)
	if r.answer != nil {
		err = r.answer(ctx, event)
	}
	if err == nil {
		r.deliver = append(r.deliver, event.ID)
	}
	return err
}

// delivered counts while a worker is running.
func (r *recorder) delivered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.deliver)
}

var errAway = errors.New("nobody answers")

// announce puts events that need no check into the outbox.
func announce(t testing.TB, s store.Memberships, events ...policy.Event) {
	t.Helper()
	must(t, s.UpdateMembership(t.Context(), "load", "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		return m, events, nil
	}))
}

func created(id string, at time.Time) policy.Event {
	return policy.Event{
		ID: id, At: at, Action: policy.ActionKeyCreated, Actor: policy.Actor{UserID: "grace", Via: "api"},
		AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: "mk_1", Announce: true,
	}
}

func logTo(buffer *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(buffer, nil)) }

// backlog counts the entries of the outbox, leased or not, and finds when the first of them is due.
func backlog(t testing.TB, s store.Inventory) (count int, oldest time.Time) {
	t.Helper()
	must(t, s.EachOutboxEntry(t.Context(), func(_ store.OutboxEntry, due time.Time) error {
		if count++; count == 1 || due.Before(oldest) {
			oldest = due
		}
		return nil
	}))
	return count, oldest
}

func drain(t testing.TB, d *notify.OutboxWorker, now time.Time) {
	t.Helper()
	must(t, (&replica{worker: d}).drain(t.Context(), now))
}

func TestEachChannelIsToldOnce(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	up := true
	good, moody := &recorder{name: "good"}, &recorder{name: "moody", answer: func(context.Context, policy.Event) error {
		if up = !up; !up {
			return errAway
		}
		return nil
	}}
	log := &bytes.Buffer{}
	d := notify.NewOutboxWorker(s, s, logTo(log), good, moody)
	announce(t, s, created("1", noon))

	drain(t, d, noon)
	if count, due := backlog(t, s); count != 1 || !due.Equal(noon.Add(10*time.Second)) {
		t.Errorf("%d entries, due at %v", count, due)
	}
	drain(t, d, noon.Add(9*time.Second))
	drain(t, d, noon.Add(10*time.Second))
	if count, _ := backlog(t, s); count != 0 {
		t.Errorf("%d entries are left", count)
	}
	if diff := cmp.Diff([]string{"1"}, good.tried); diff != "" {
		t.Errorf("the channel that worked: %s", diff)
	}
	if diff := cmp.Diff([]string{"1", "1"}, moody.tried); diff != "" {
		t.Errorf("the channel that failed: %s", diff)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "nobody answers") {
		t.Errorf("log: %s", log)
	}
}

func TestBackOff(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	log := &bytes.Buffer{}
	dead := &recorder{name: "dead", answer: func(context.Context, policy.Event) error { return errAway }}
	d := notify.NewOutboxWorker(s, s, logTo(log), dead)
	announce(t, s, created("1", noon))
	var waits []time.Duration
	now := noon
	for range 100 {
		if strings.Contains(log.String(), "level=ERROR") {
			t.Fatal("gave up before it says so")
		}
		drain(t, d, now)
		count, due := backlog(t, s)
		if count == 0 {
			break
		}
		waits = append(waits, due.Sub(now)/time.Second)
		now = due
	}
	want := []time.Duration{10, 20, 40, 80, 160, 320, 640, 1280, 2560}
	for len(want) < 31 {
		want = append(want, 3600)
	}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("seconds between tries: %s", diff)
	}
	if given := strings.Count(log.String(), "level=ERROR"); given != 1 || !strings.Contains(log.String(), "gave up") {
		t.Errorf("%d errors in the log, want one that says who was not told: %s", given, log)
	}
	for _, want := range []string{"channel=dead", "action=key.created", "user_id=ada", "client_id=mk_1", "nobody answers"} {
		if !strings.Contains(log.String()[strings.Index(log.String(), "level=ERROR"):], want) {
			t.Errorf("the last line of the log has no %s: %s", want, log)
		}
	}
}

func TestPermanentFailure(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	log := &bytes.Buffer{}
	refusing := &recorder{name: "refusing", answer: func(context.Context, policy.Event) error {
		return fmt.Errorf("%w: 550", notify.ErrPermanent)
	}}
	d := notify.NewOutboxWorker(s, s, logTo(log), refusing)
	var ids []string
	for i := range 5 {
		ids = append(ids, fmt.Sprint(i))
		announce(t, s, created(ids[i], noon))
	}
	drain(t, d, noon)
	if count, _ := backlog(t, s); count != 0 {
		t.Errorf("%d entries are left", count)
	}
	if diff := cmp.Diff(ids, refusing.tried); diff != "" { // an answer, so no reason to leave the channel alone
		t.Error(diff)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 5 {
		t.Errorf("%d errors in the log, want 5: %s", n, log)
	}
}

// A dead mail server costs a few tries, not one for each of the events, and webhooks go out meanwhile.
func TestADeadChannelHoldsNobodyUp(t *testing.T) {
	const events = 50
	s := openBolt(t)
	small(t, s)
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, nobody.Close())
	receiver, requests := receive(t, http.StatusOK)
	dials := &recorder{name: "counted mail"}
	mail := newMail(t, notify.MailConfig{URL: "smtp://" + nobody.Addr().String(), Records: s})
	dials.answer = func(ctx context.Context, event policy.Event) error { return deliver(ctx, s, mail, event, noon) }
	d := notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), dials, newWebhook(t, receiver.URL))
	var want []string
	for i := range events {
		id := fmt.Sprintf("%03d", i)
		want = append(want, id)
		announce(t, s, created(id, noon))
	}
	drain(t, d, noon)
	var got []string
	for _, request := range requests() {
		got = append(got, request.header.Get("webhook-id"))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks: %s", diff)
	}
	if len(dials.tried) != 3 {
		t.Errorf("the dead server was tried %d times, want 3", len(dials.tried))
	}

	dials.answer = nil // it is back
	now := noon
	for range 20 {
		count, due := backlog(t, s)
		if count == 0 {
			break
		}
		now = due
		drain(t, d, now)
	}
	slices.Sort(dials.deliver)
	if diff := cmp.Diff(want, dials.deliver); diff != "" {
		t.Errorf("mails: %s", diff)
	}
	if late := now.Sub(noon); late > 5*time.Minute {
		t.Errorf("the last mail left %v late", late)
	}
	if more := requests(); len(more) > 0 {
		t.Errorf("%d webhooks came twice", len(more))
	}
}

// Between the claim of a notice and its sending things change. What no longer holds is not sent (R16).
func TestStaleNotices(t *testing.T) {
	for name, change := range map[string]func(testing.TB, fullStore){
		"refreshed": func(t testing.TB, s fullStore) {
			changeMembership(t, s, "ada", func(m policy.Membership) (policy.Membership, error) {
				return m.WithRefreshedKey("mk_1", policy.Secret{}, policy.Refresh{}, expiration(t, s), after(83))
			})
		},
		"revoked": func(t testing.TB, s fullStore) {
			changeMembership(t, s, "ada", func(m policy.Membership) (policy.Membership, error) { return m.WithoutKey("mk_1") })
		},
		"removed": func(t testing.TB, s fullStore) {
			changeMembership(t, s, "ada", func(m policy.Membership) (policy.Membership, error) {
				m, _ = m.Removed()
				return m, nil
			})
		},
		"disabled": func(t testing.TB, s fullStore) {
			must(t, s.UpdateUser(t.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
				u.Disabled = true
				return u, nil, nil
			}))
		},
		"policy off": func(t testing.TB, s fullStore) {
			revise(t, s, policy.PolicyChange{AcknowledgeRisk: true}, after(83))
		},
		"policy longer": func(t testing.TB, s fullStore) {
			revise(t, s, policy.PolicyChange{Enabled: true, PeriodDays: 120}, after(83))
		},
		"": func(testing.TB, fullStore) {}, // the notice goes out
	} {
		s := openBolt(t)
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		must(t, (&notify.Scheduler{Store: s}).Tick(t.Context(), after(83)))
		change(t, s)
		channel := &recorder{name: "mail"}
		drain(t, notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), channel), after(83).Add(time.Minute))
		want := 0
		if name == "" {
			want = 1
		}
		if len(channel.tried) != want {
			t.Errorf("%s: %d notices went out, want %d", name, len(channel.tried), want)
		}
		if count, _ := backlog(t, s); count != 0 {
			t.Errorf("%s: %d entries are left", name, count)
		}
	}
}

func TestALateNoticeGivesWayToAMoreUrgentOne(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	channel := &recorder{name: "mail", answer: func(context.Context, policy.Event) error { return errAway }}
	d, scheduler := notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), channel), &notify.Scheduler{Store: s}
	must(t, scheduler.Tick(t.Context(), after(83)))
	drain(t, d, after(83))
	channel.answer = nil // back only on the last day
	must(t, scheduler.Tick(t.Context(), after(89)))
	drain(t, d, after(89))
	if len(channel.deliver) != 1 || channel.deliver[0] == channel.tried[0] {
		t.Errorf("tried %v, delivered %v; want the last only", channel.tried, channel.deliver)
	}
	if count, _ := backlog(t, s); count != 0 {
		t.Errorf("%d entries are left", count)
	}
}

// When the server stops, what is under way is finished and recorded, and the rest is free at once for another server.
func TestStopMakesNoDuplicates(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	for i := range 5 {
		announce(t, s, created(fmt.Sprint(i), noon))
	}
	ctx, stop := context.WithCancel(t.Context())
	first := &recorder{name: "mail", answer: func(sending context.Context, _ policy.Event) error {
		stop()
		return sending.Err()
	}}
	if _, err := notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), first).Tick(ctx, noon); err != nil {
		t.Error(err)
	}
	second := &recorder{name: "mail"}
	drain(t, notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), second), noon)
	if diff := cmp.Diff([]string{"0"}, first.deliver); diff != "" {
		t.Errorf("before: %s", diff)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4"}, second.deliver); diff != "" {
		t.Errorf("after: %s", diff)
	}
}

// forgetful is an outbox that cannot record what was told.
type forgetful struct{ store.Outbox }

func (forgetful) CompleteOutbox(context.Context, store.OutboxEntry) error {
	return store.ErrUnavailable
}

// When nothing can be recorded, one thing is told in vain and not all that was claimed.
func TestAFailingStoreStopsTheTelling(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	for i := range 5 {
		announce(t, s, created(fmt.Sprint(i), noon))
	}
	channel := &recorder{name: "mail"}
	d := notify.NewOutboxWorker(forgetful{s}, s, slog.New(slog.DiscardHandler), channel)
	if _, err := d.Tick(t.Context(), noon); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"0"}, channel.deliver); diff != "" {
		t.Error(diff)
	}
}

func revise(t testing.TB, s store.Accounts, change policy.PolicyChange, now time.Time) {
	t.Helper()
	must(t, s.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		next, err := a.Expiration.Revise(change, now)
		a.Expiration = next
		return a, nil, err
	}))
}
