package limits_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mintkey/server/limits"
	"mintkey/store"
)

// broken is a store that can't count while it is down.
type broken struct {
	store.Limits
	down atomic.Bool
}

var errDown = errors.New("READONLY You can't write against a read only replica")

func (b *broken) Reserve(ctx context.Context, key string, rate store.Rate) (time.Duration, error) {
	if b.down.Load() {
		return 0, errDown
	}
	return b.Limits.Reserve(ctx, key, rate)
}

func (b *broken) Refund(ctx context.Context, key string, rate store.Rate) error {
	if b.down.Load() {
		return errDown
	}
	return b.Limits.Refund(ctx, key, rate)
}

// places keeps what is known of devices and addresses.
type places map[string][]byte

func (p places) Ephemeral(_ context.Context, key string) ([]byte, error) {
	if value, ok := p[key]; ok {
		return value, nil
	}
	return nil, store.ErrNotFound
}

func (p places) PutEphemeral(_ context.Context, key string, value []byte, _ time.Time) error {
	p[key] = value
	return nil
}

// bench is a limiter on a clock that stands still until a test moves it.
type bench struct {
	*testing.T
	*limits.Limiter
	store   *broken
	places  places
	log     bytes.Buffer
	metrics *prometheus.Registry
	at      time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{T: t, places: places{}, metrics: prometheus.NewRegistry(), at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return b.at }
	b.store = &broken{Limits: store.NewMemoryLimits(now)}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Limiter = limits.New(limits.Options{Limits: b.store, Places: b.places, Log: log, Now: now, Metrics: b.metrics})
	return b
}

// pass reserves as often as it can, and returns how often that was.
func (b *bench) pass(takes []limits.Take) (times int) {
	b.Helper()
	for ; times < 1000; times++ {
		if _, err := b.Reserve(b.Context(), takes); err != nil {
			b.wantTooMany(err)
			return times
		}
	}
	b.Fatal("there is no limit")
	return times
}

func (b *bench) wantTooMany(err error) {
	b.Helper()
	tooMany, ok := errors.AsType[*limits.TooManyError](err)
	if !ok {
		b.Fatalf("the error is %v, want a TooManyError", err)
	}
	if tooMany.RetryAfter <= 0 || tooMany.Seconds() < 1 {
		b.Errorf("Retry-After is %v, which is %d s", tooMany.RetryAfter, tooMany.Seconds())
	}
}

func (b *bench) want(what string, got, want int) {
	b.Helper()
	if got != want {
		b.Errorf("%s: %d pass, want %d", what, got, want)
	}
}

func password(user limits.User, address string) []limits.Take {
	return limits.Password([]limits.User{user}, limits.Visitor{Address: address})
}

func TestPasswordBudgets(t *testing.T) {
	b := newBench(t)
	ada := limits.KnownUser("acme", "ada")
	b.want("one user from one address", b.pass(password(ada, "192.0.2.1")), 10)
	b.want("another user from there", b.pass(password(limits.KnownUser("acme", "tom"), "192.0.2.1")), 10)
	b.want("the same ID in another account", b.pass(password(limits.KnownUser("rival", "ada"), "192.0.2.1")), 10)
	all := 10
	for i := 2; i < 20; i++ {
		all += b.pass(password(ada, fmt.Sprint("192.0.2.", i)))
	}
	b.want("one user from everywhere", all, 100)
	b.at = b.at.Add(18 * time.Second) // 100 in 15 minutes is one in 9 seconds
	b.want("18 s later", b.pass(password(ada, "192.0.2.99")), 2)
	all = 0
	for i := range 40 {
		all += b.pass(password(limits.UnknownUser("acme", fmt.Sprint(i)), "198.51.100.1"))
	}
	b.want("one address", all, 300)
}

func TestWrongSecretBudgets(t *testing.T) {
	b := newBench(t)
	b.want("one client", b.pass(limits.WrongSecret("mk_1", "192.0.2.1")), 30)
	b.want("from elsewhere", b.pass(limits.WrongSecret("mk_1", "192.0.2.2")), 0)
	all := 30
	for i := range 20 {
		all += b.pass(limits.WrongSecret(fmt.Sprint("mk_x", i), "192.0.2.1"))
	}
	b.want("one address", all, 300)
	b.want("passwords from that address", b.pass(password(limits.KnownUser("acme", "ada"), "192.0.2.1")), 0)
}

// What one budget refuses takes nothing from the others.
func TestAllOrNothing(t *testing.T) {
	b := newBench(t)
	ada, tom := limits.KnownUser("acme", "ada"), limits.KnownUser("acme", "tom")
	b.want("ada", b.pass(password(ada, "192.0.2.1")), 10)
	for range 50 {
		_, err := b.Reserve(t.Context(), limits.Password([]limits.User{tom, ada}, limits.Visitor{Address: "192.0.2.1"}))
		b.wantTooMany(err)
	}
	b.want("tom", b.pass(password(tom, "192.0.2.1")), 10)
}

func TestRefund(t *testing.T) {
	b := newBench(t)
	ada := password(limits.KnownUser("acme", "ada"), "192.0.2.1")
	for range 1000 {
		reserved, err := b.Reserve(t.Context(), ada)
		if err != nil {
			t.Fatalf("a try that was given back is counted: %v", err)
		}
		reserved.Refund(t.Context())
	}
	b.want("after all was given back", b.pass(ada), 10)
}

func TestReservationsAtOnce(t *testing.T) {
	b := newBench(t)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if _, err := b.Reserve(t.Context(), password(limits.KnownUser("acme", "ada"), "192.0.2.1")); err == nil {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	b.want("200 at once", int(passed.Load()), 10)
}

// A sender that hangs up is counted (R23).
func TestCountingOutlivesTheRequest(t *testing.T) {
	b := newBench(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	ada := password(limits.KnownUser("acme", "ada"), "192.0.2.1")
	for range 4 {
		if _, err := b.Reserve(ctx, ada); err != nil {
			t.Fatal(err)
		}
	}
	b.want("after 4 that hung up", b.pass(ada), 6)
}

// A budget is for the user, not for the spelling, and for the network of one household.
func TestWhatIsTheSame(t *testing.T) {
	ada := limits.KnownUser("acme", "ada")
	for _, same := range []struct {
		name string
		a, b []limits.Take
		same bool
	}{
		{"spellings of an unknown name", unknown("Eve@Example.com"), unknown("eve@example.com"), true},
		{"one /64", password(ada, "2001:db8:1:1::1"), password(ada, "2001:db8:1:1:ffff::6c"), true},
		{"two /64", password(ada, "2001:db8:1:1::1"), password(ada, "2001:db8:1:2::1"), false},
		{"IPv4 in IPv6", limits.OpenIDStart("192.0.2.1"), limits.OpenIDStart("::ffff:192.0.2.1"), true},
		{"two IPv4 in IPv6", limits.OpenIDStart("::ffff:192.0.2.2"), limits.OpenIDStart("::ffff:192.0.2.1"), false},
		{"zones", limits.OpenIDStart("fe80::1%eth0"), limits.OpenIDStart("fe80::2%eth1"), true},
		{"sockets", limits.OpenIDStart("@"), limits.OpenIDStart("@"), true},
		{"mailboxes", limits.Mailbox("acme", "Ada@example.com"), limits.Mailbox("acme", "ada@example.com"), true},
		{"mailboxes of accounts", limits.Mailbox("acme", "ada@example.com"), limits.Mailbox("rival", "ada@example.com"), false},
		{"an ID and an unknown name", password(ada, "192.0.2.1"), unknown("ada"), false},
		{"what is joined", limits.Form("a", "b/c"), limits.Form("a/b", "c"), true}, // no ID has a slash
	} {
		b := newBench(t)
		b.pass(same.a)
		if got := b.pass(same.b) == 0; got != same.same {
			t.Errorf("%s: one budget is %v, want %v", same.name, got, same.same)
		}
	}
}

func unknown(name string) []limits.Take {
	return password(limits.UnknownUser("acme", name), "192.0.2.1")
}

// While the store can't count, memory does, and metric and log say so: at most one line a minute.
func TestMemoryTakesOver(t *testing.T) {
	b := newBench(t)
	ada := password(limits.KnownUser("acme", "ada"), "192.0.2.1")
	b.store.down.Store(true)
	b.want("while the store is down", b.pass(ada), 10)
	reserved, err := b.Reserve(t.Context(), password(limits.KnownUser("acme", "tom"), "192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	b.store.down.Store(false)
	reserved.Refund(t.Context()) // where it was taken
	b.want("when it is back", b.pass(ada), 10)
	b.store.down.Store(true)
	b.want("of what was given back", b.pass(password(limits.KnownUser("acme", "tom"), "192.0.2.1")), 10)

	const line = "rate limiter unavailable; counting in memory"
	if got := strings.Count(b.log.String(), line); got != 1 {
		t.Errorf("the log has %d lines within a minute, want 1:\n%s", got, b.log.String())
	}
	b.at = b.at.Add(time.Minute)
	b.pass(ada)
	if got := strings.Count(b.log.String(), line); got != 2 {
		t.Errorf("the log has %d lines after a minute, want 2", got)
	}
	families, err := b.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counted := 0.0
	for _, family := range families {
		if family.GetName() == "mintkey_limits_fallback_total" {
			for _, budget := range family.GetMetric() {
				counted += budget.GetCounter().GetValue()
			}
		}
	}
	if counted == 0 {
		t.Errorf("no attempt was counted as one in memory: %v", families)
	}
}

// The docs list every budget with its real values.
func TestEveryBudgetIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, b := range limits.Table() {
		burst := fmt.Sprint(b.Rate.Burst)
		if b.Rate.Burst == 0 {
			burst = "its `tokens_per_minute`"
		}
		row := fmt.Sprintf("\n| `%s` | %s | %s | %s, %s |\n", b.Name, b.What, b.Per, burst, words(b.Rate.Period))
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/limits.md lacks the row %s", row)
		}
		if names[b.Name] {
			t.Errorf("two budgets are called %s", b.Name)
		}
		names[b.Name] = true
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|.*\\| [^|]+, [0-9]+ (minutes?|hours?) \\|$")
	for _, row := range rows.FindAllStringSubmatch(string(text), -1) {
		if !names[row[1]] {
			t.Errorf("docs/limits.md has the budget %s, which is not in the table", row[1])
		}
	}
}

func words(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "1 hour"
	case d > time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d == time.Minute:
		return "1 minute"
	default:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
}
