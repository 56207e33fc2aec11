package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// A year passes in steps of a random number of hours. Between the steps keys come and go and policies change; after each, the
// servers look. What arrives at a real mail server must be what the model lists: no mail more, none less.
func TestYear(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newYear(t, seed, openBolt(t)).run() })
	}
}

// Three servers at once, which restart now and then, and die at times right between sending and recording, with a mail server
// that refuses and hangs up. A mail may come twice only where a server died.
func TestYearWithTrouble(t *testing.T) {
	y := newYear(t, 0, openThrice(t)...)
	y.inviteTrouble()
	y.run()
	if y.crashes == 0 || y.refusals == 0 || y.restarts == 0 {
		t.Errorf("%d crashes, %d refusals, %d restarts: the trouble did not come", y.crashes, y.refusals, y.restarts)
	}
}

// year is the world that goes through it. One step begins on the hour; servers look half an hour later, and what they have to send
// is sent within the following hours, before anything else happens.
type year struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	stores []fullStore // one for each replica; all show the same data
	model  *model
	mail   *mailServer

	replicas []*replica
	people   []person
	made     int

	trouble bool
	mu      sync.Mutex // for all that follows
	// fate decides about trouble, apart from random: what people do must not depend on which server comes first.
	fate                        *rand.Rand
	crashes, refusals, restarts int
	refused                     map[string]int // by Message-ID
}

// chance comes true once in so many times, and is then counted.
func (y *year) chance(once int, count *int) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.fate.IntN(once) > 0 {
		return false
	}
	*count++
	return true
}

type person struct{ account, tenant, user string }

// replica is one server's part in it.
type replica struct {
	keeper     *notify.Keeper
	dispatcher *notify.Dispatcher
}

func newYear(t *testing.T, seed uint64, stores ...fullStore) *year {
	t.Helper()
	y := &year{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), fate: rand.New(rand.NewPCG(seed, 2)), now: noon, stores: stores, model: newModel("acme", "beta"),
		mail: startMailServer(t, mailServerOptions{}), refused: map[string]int{},
	}
	s := stores[0]
	addAccount(t, s, "acme", y.now)
	addAccount(t, s, "beta", y.now)
	addTenant(t, s, "acme", "load")
	addTenant(t, s, "acme", "idle")
	addTenant(t, s, "beta", "solo")
	for _, user := range []string{"ada", "grace", "edsger", "alan", "donald", "radia"} {
		addUser(t, s, "acme", user, user)
		y.people = append(y.people, person{"acme", "load", user}, person{"acme", "idle", user})
	}
	for _, user := range []string{"barbara", "tony", "frances", "kurt", "emmy"} {
		addUser(t, s, "beta", user, user)
		y.people = append(y.people, person{"beta", "solo", user})
	}
	for _, p := range y.people {
		join(t, s, p.tenant, p.user, y.now)
	}
	for range stores {
		y.replicas = append(y.replicas, nil)
	}
	for i := range stores {
		y.start(i)
	}
	return y
}

func (y *year) start(i int) {
	s := y.stores[i]
	channel := newMail(y.t, notify.MailConfig{URL: y.mail.url(), Records: s})
	var outbox store.Outbox = s
	if y.trouble {
		outbox = &mortalOutbox{Outbox: s, year: y}
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	y.replicas[i] = &replica{&notify.Keeper{Store: s}, notify.NewDispatcher(outbox, s, quiet, channel)}
}

func (y *year) run() {
	y.t.Helper()
	for end := noon.AddDate(1, 0, 0); y.now.Before(end); {
		for range y.random.IntN(3) {
			y.change()
		}
		y.look()
		hours := 6 * (1 + y.random.IntN(8))
		if y.random.IntN(8) == 0 {
			hours *= 6 // nobody looked for a while
		}
		y.now = y.now.Add(time.Duration(hours) * time.Hour)
	}
	y.compare()
}

// change is one thing that people do.
func (y *year) change() {
	p := y.people[y.random.IntN(len(y.people))]
	s := y.stores[y.random.IntN(len(y.stores))]
	account, err := s.Account(y.t.Context(), p.account)
	must(y.t, err)
	m, err := s.Membership(y.t.Context(), p.tenant, p.user)
	must(y.t, err)
	live := m.LiveKeys(account.Expiration, y.now)
	actor := p.user
	if y.random.IntN(2) == 0 {
		actor = "" // the operator
	}
	switch what := y.random.IntN(20); {
	case what == 0:
		y.revise(s, p.account)
	case what == 1 && len(m.Keys) > 0: // leaves the tenant, and comes back
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			left, revoked := m.Removed()
			var ids []string
			for _, key := range revoked {
				ids = append(ids, key.ClientID)
			}
			return left, ids, policy.ActionKeyRevoked, nil
		})
		join(y.t, s, p.tenant, p.user, y.now)
		for _, key := range m.Keys {
			y.model.revoke(key.ClientID, actor, y.now)
		}
	case what < 12 && len(live) < policy.MaxKeys:
		y.made++
		id := fmt.Sprintf("mk_%d", y.made)
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithKey(newKey(id, "", y.now), account.Expiration, y.now)
			return m, []string{id}, policy.ActionKeyCreated, err
		})
		y.model.create(p.account, p.tenant, p.user, id, actor, y.now)
	case what < 14 && len(live) > 0:
		id := live[y.random.IntN(len(live))].ClientID
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithRefreshedKey(id, policy.Secret{}, 0, account.Expiration, y.now)
			return m, []string{id}, policy.ActionKeyRefreshed, err
		})
		y.model.refresh(id, actor, y.now)
	case what < 15 && len(live) > 0:
		id := live[y.random.IntN(len(live))].ClientID
		y.update(s, p, actor, func(m policy.Membership) (policy.Membership, []string, policy.Action, error) {
			m, err := m.WithoutKey(id)
			return m, []string{id}, policy.ActionKeyRevoked, err
		})
		y.model.revoke(id, actor, y.now)
	}
}

type keyChange func(policy.Membership) (policy.Membership, []string, policy.Action, error)

// update changes a membership with the events that the server would write.
func (y *year) update(s fullStore, p person, actor string, change keyChange) {
	y.t.Helper()
	must(y.t, s.UpdateMembership(y.t.Context(), p.tenant, p.user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		next, ids, action, err := change(m)
		var events []policy.Event
		for _, id := range ids {
			events = append(events, policy.Event{
				ID: y.eventID(), At: y.now, Action: action, Actor: policy.Actor{UserID: actor, Via: "api"},
				AccountID: p.account, TenantID: p.tenant, UserID: p.user, ClientID: id, Announce: true,
			})
		}
		return next, events, err
	}))
}

func (y *year) eventID() string {
	var random [10]byte
	for i := range random {
		random[i] = byte(y.random.IntN(256))
	}
	return policy.NewEventID(y.now, random)
}

func (y *year) revise(s fullStore, account string) {
	y.t.Helper()
	periods := policy.Periods()
	change := policy.PolicyChange{Enabled: y.random.IntN(4) > 0, PeriodDays: periods[y.random.IntN(4)], AcknowledgeRisk: true}
	must(y.t, s.UpdateAccount(y.t.Context(), account, func(a policy.Account) (policy.Account, []policy.Event, error) {
		next, err := a.Expiration.Revise(change, y.now)
		a.Expiration = next
		return a, []policy.Event{{ID: y.eventID(), At: y.now, Action: policy.ActionPolicyChanged, AccountID: account, Announce: true}}, err
	}))
	y.model.revise(account, change.Enabled, change.PeriodDays, y.now)
}

// look lets every replica look at once, and then all send until the outbox is empty.
func (y *year) look() {
	y.t.Helper()
	now := y.now.Add(30 * time.Minute)
	y.model.look(now)
	y.all(func(r *replica) error { return r.keeper.Tick(y.t.Context(), now) })
	for latest := now.Add(5 * time.Hour); ; {
		y.all(func(r *replica) error { return r.drain(y.t.Context(), now) })
		y.restartSome()
		backlog, oldest, err := y.stores[0].OutboxBacklog(y.t.Context())
		must(y.t, err)
		if backlog == 0 {
			return
		}
		if oldest.After(now) {
			now = oldest
		}
		if now.After(latest) {
			y.t.Fatalf("%d entries are still in the outbox hours later, the oldest due at %v", backlog, oldest)
		}
	}
}

func (r *replica) drain(ctx context.Context, now time.Time) error {
	for {
		taken, err := r.dispatcher.Tick(ctx, now)
		if err != nil || taken == 0 {
			return err
		}
	}
}

// all runs the replicas side by side. One that dies is started again.
func (y *year) all(what func(*replica) error) {
	y.t.Helper()
	var group sync.WaitGroup
	dead := make([]bool, len(y.replicas))
	for i, r := range y.replicas {
		group.Go(func() {
			err := what(r)
			if dead[i] = errors.Is(err, errDied); err != nil && !dead[i] {
				y.t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range y.replicas {
		if dead[i] {
			y.start(i)
		}
	}
}

func (y *year) restartSome() {
	for i := range y.replicas {
		if y.trouble && y.chance(10, &y.restarts) {
			y.start(i)
		}
	}
}

// inviteTrouble makes the mail server refuse and hang up, and servers die.
func (y *year) inviteTrouble() {
	y.trouble = true
	for i := range y.replicas {
		y.start(i)
	}
	y.mail.judge = func(r received) error {
		id := messageID.FindString(string(r.raw))
		switch {
		case y.refused[id] == 3:
			return nil
		case y.chance(6, &y.refusals):
			y.refused[id]++
			return &smtp.SMTPError{Code: 451, Message: "not now"}
		case y.chance(6, &y.refusals):
			y.refused[id]++
			return errHangUp
		default:
			return nil
		}
	}
}

var messageID = regexp.MustCompile(`(?mi)^Message-ID: .*$`)

// mortalOutbox is the outbox of a server that dies at times between sending and recording: from then on it does nothing.
type mortalOutbox struct {
	store.Outbox
	year *year
	died bool
}

var errDied = errors.New("the server has died")

func (o *mortalOutbox) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	if o.died {
		return nil, errDied
	}
	return o.Outbox.ClaimOutbox(ctx, now, leaseEnds, limit)
}

func (o *mortalOutbox) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	if len(entry.Delivered) > 0 && o.year.chance(20, &o.year.crashes) {
		o.died = true
		return errDied
	}
	return o.Outbox.CompleteOutbox(ctx, entry)
}

// compare holds what has arrived against the model.
func (y *year) compare() {
	y.t.Helper()
	times := map[string]int{} // by Message-ID
	var got []string
	for _, r := range y.mail.taken() {
		m := r.message(y.t)
		if times[m.Header.Get("Message-Id")]++; times[m.Header.Get("Message-Id")] == 1 {
			got = append(got, y.line(r))
		}
	}
	want := slices.Clone(y.model.mails)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		y.t.Errorf("what arrived (+) is not what the model lists (-):\n%s", diff)
	}
	y.compareKeys()
	duplicates := len(y.mail.taken()) - len(times)
	if duplicates > y.crashes {
		y.t.Errorf("%d duplicates of %d crashes", duplicates, y.crashes)
	}
	expiring := 0
	for _, line := range want {
		if strings.Contains(line, "expiring") {
			expiring++
		}
	}
	if expiring < 20 || len(want)-expiring < 20 {
		y.t.Errorf("%d notices and %d other mails in a year: this shows nothing", expiring, len(want)-expiring)
	}
	y.t.Logf("%d notices, %d other mails, %d keys; %d refusals, %d crashes, %d duplicates, %d restarts",
		expiring, len(want)-expiring, y.made, y.refusals, y.crashes, duplicates, y.restarts)
}

// compareKeys sees that the keys that expired long ago are gone, and no others.
func (y *year) compareKeys() {
	y.t.Helper()
	var want, got []string
	for _, k := range y.model.keys {
		want = append(want, k.clientID)
	}
	for _, p := range y.people {
		m, err := y.stores[0].Membership(y.t.Context(), p.tenant, p.user)
		must(y.t, err)
		for _, key := range m.Keys {
			got = append(got, key.ClientID)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		y.t.Errorf("the keys that are left (+) are not those of the model (-):\n%s", diff)
	}
}

var (
	mailClientID = regexp.MustCompile(`mk_\d+`)
	mailExpiry   = regexp.MustCompile(`(?m)^  Expires    \w+, (.*)$`)
)

// line puts a mail that arrived into the model's form.
func (y *year) line(r received) string {
	y.t.Helper()
	a := read(y.t, r)
	date, err := mail.ParseDate(a.header.Get("Date"))
	must(y.t, err)
	kind := map[string]string{
		"Your access key expires": "expiring", "You have a new": "created", "Your access key has a new": "refreshed", "Your access key was revoked": "revoked",
	}
	var kinds []string
	for beginning, name := range kind {
		if strings.HasPrefix(a.subject, beginning) {
			kinds = append(kinds, name)
		}
	}
	line := fmt.Sprintf("%s %s %s %s", date.UTC().Format(time.RFC3339), strings.TrimSuffix(r.to[0], "@example.com"),
		strings.Join(kinds, "?"), mailClientID.FindString(a.subject))
	if expiry := mailExpiry.FindStringSubmatch(a.text); len(kinds) == 1 && kinds[0] == "expiring" && expiry != nil {
		line += " " + expiry[1]
	}
	return line
}
