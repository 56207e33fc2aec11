package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is a membership and the policy of its account under random changes, with a model of R2, R5, R6, R8, R14 and R28 that remembers
// every secret ever made. Its operations take any number as an argument.
type world struct {
	failer
	now        time.Time
	policy     policy.ExpirationPolicy
	membership policy.Membership
	made       []madeSecret
	clientIDs  []string
	suspended  map[string]bool // by client ID
	indexes    uint64          // status indexes given so far
	dead       []policy.TokenFacts
}

type madeSecret struct {
	clientID string
	digest   policy.Digest
	issued   time.Time
	stopsAt  time.Time // zero for a current secret; for an older one, the end of its overlap
}

func newWorld(f failer) *world {
	w := &world{failer: f, now: day(0), policy: policy.DefaultExpirationPolicy(day(0)), suspended: map[string]bool{}}
	w.join()
	return w
}

func (w *world) digest() policy.Digest {
	return policy.ClientSecretFromRequest(fmt.Sprint("secret ", len(w.made))).Digest()
}

func (w *world) index() uint64 {
	w.indexes++
	return w.indexes
}

func (w *world) join() {
	w.Helper()
	joined, err := w.membership.WithRole(policy.RoleMember, w.now)
	if err != nil || !joined.Exists() || !joined.JoinedAt.Equal(w.now) {
		w.Fatalf("WithRole: %+v, %v", joined, err)
	}
	w.membership = joined
}

// change runs one change on a membership whose slices all have spare capacity. It checks that the change does not modify its argument,
// that it fails as expected, and that a failure changes nothing.
func (w *world) change(want error, run func(policy.Membership) (policy.Membership, error)) error {
	w.Helper()
	given := roomy(w.membership)
	kept := roomy(w.membership)
	next, err := run(given)
	if diff := cmp.Diff(kept.Keys[:cap(kept.Keys)], given.Keys[:cap(given.Keys)]); diff != "" {
		w.Fatalf("the membership that was given has changed: %s", diff)
	}
	if !errors.Is(err, want) {
		w.Fatalf("error %v, want %v", err, want)
	}
	if diff := cmp.Diff(kept, next); want != nil && diff != "" {
		w.Fatalf("refused, yet: %s", diff)
	}
	w.membership = next
	return err
}

// roomy is a deep copy in which each slice has spare capacity.
func roomy(m policy.Membership) policy.Membership {
	keys := make([]policy.AccessKey, 0, len(m.Keys)+2)
	for _, k := range m.Keys {
		k.Secrets = append(make([]policy.Secret, 0, len(k.Secrets)+2), k.Secrets...)
		k.Scopes = append(make([]string, 0, len(k.Scopes)+2), k.Scopes...)
		keys = append(keys, k)
	}
	m.Keys = keys
	return m
}

func (w *world) create() {
	w.Helper()
	live := w.live()
	var want error
	if len(live) >= 2 {
		want = policy.ErrKeyLimit
	}
	id, digest := fmt.Sprint("mk_", len(w.clientIDs)), w.digest()
	secret := policy.Secret{Digest: digest, IssuedAt: w.now, StatusIndex: w.index()}
	key := policy.AccessKey{ClientID: id, CreatedAt: w.now, Secrets: []policy.Secret{secret}}
	err := w.change(want, func(m policy.Membership) (policy.Membership, error) { return m.WithKey(key, w.policy, w.now) })
	if limit := new(policy.KeyLimitError); errors.As(err, &limit) && !slices.Equal(limit.ClientIDs, live) {
		w.Fatalf("the refusal names %v, want %v", limit.ClientIDs, live)
	}
	if err == nil {
		w.clientIDs = append(w.clientIDs, id)
		w.made = append(w.made, madeSecret{clientID: id, digest: digest, issued: w.now})
	}
}

// live lists the keys whose current secret has not expired according to the model.
func (w *world) live() (clientIDs []string) {
	for _, id := range w.clientIDs {
		if s := w.current(id); s != nil && !policy.Expired(w.policy.Expiry(s.issued), w.now) {
			clientIDs = append(clientIDs, id)
		}
	}
	return clientIDs
}

func (w *world) current(clientID string) *madeSecret {
	for i, s := range w.made {
		if s.clientID == clientID && s.stopsAt.IsZero() {
			return &w.made[i]
		}
	}
	return nil
}

// pick is one of the client IDs ever made, or one that was never made.
func (w *world) pick(arg int) string {
	return append(w.clientIDs, "mk_unknown")[arg%(len(w.clientIDs)+1)]
}

func (w *world) refresh(arg int, overlap time.Duration) {
	w.Helper()
	id, digest := w.pick(arg), w.digest()
	old := w.current(id)
	var want error
	switch {
	case old == nil:
		want = policy.ErrKeyNotFound
	case overlap < 0 || overlap > 7*24*time.Hour:
		want = policy.ErrInvalidOverlap
	case !slices.Contains(w.live(), id):
		want = policy.ErrKeyExpired
	}
	fresh := policy.Secret{ // with times that must not count
		Digest: digest, IssuedAt: w.now.Add(-time.Hour), EndsAt: w.now.Add(time.Hour), StatusIndex: w.index(),
	}
	err := w.change(want, func(m policy.Membership) (policy.Membership, error) {
		return m.WithRefreshedKey(id, fresh, policy.Refresh{Overlap: overlap}, w.policy, w.now)
	})
	if err != nil {
		return
	}
	expiry := w.policy.Expiry(old.issued)
	w.stop(id, w.now)
	old.stopsAt = w.now.Add(overlap)
	if !expiry.IsZero() && expiry.Before(old.stopsAt) {
		old.stopsAt = expiry
	}
	w.made = append(w.made, madeSecret{clientID: id, digest: digest, issued: w.now})
}

// repeat sends the request again that has made the current secret, as if its answer had been lost (R37).
func (w *world) repeat(arg int) {
	w.Helper()
	id, fresh := w.pick(arg), policy.Secret{Digest: w.digest(), StatusIndex: w.index()}
	retry := policy.Retry{Key: fresh.Digest, Request: fresh.Digest}
	if w.change(w.wantChangeOf(id), func(m policy.Membership) (policy.Membership, error) {
		remembers, err := m.WithRetry(retry, id, w.now)
		if err != nil {
			return m, err
		}
		replaced, err := remembers.WithReplacedSecret(retry, fresh, policy.Refresh{}, w.policy, w.now)
		if err != nil {
			return m, err
		}
		return replaced, nil
	}) != nil {
		return
	}
	lost := w.current(id)
	lost.stopsAt = w.now
	w.made = append(w.made, madeSecret{clientID: id, digest: fresh.Digest, issued: lost.issued})
}

// endOverlap ends what an earlier refresh has left of an old secret.
func (w *world) endOverlap(arg int) {
	w.Helper()
	id := w.pick(arg)
	var old *madeSecret
	for i, s := range w.made {
		if s.clientID == id && s.stopsAt.After(w.now) {
			old = &w.made[i]
		}
	}
	var want error
	switch {
	case w.current(id) == nil:
		want = policy.ErrKeyNotFound
	case old == nil || !slices.Contains(w.live(), id):
		want = policy.ErrNoOverlap
	}
	how := policy.Refresh{EndTokens: arg%2 == 0}
	if w.change(want, func(m policy.Membership) (policy.Membership, error) {
		return m.WithoutOverlap(id, how, w.policy, w.now)
	}) == nil {
		old.stopsAt = w.now
	}
}

// stop ends the secrets of the key that still work.
func (w *world) stop(clientID string, at time.Time) {
	for i, s := range w.made {
		if s.clientID == clientID && (s.stopsAt.IsZero() || s.stopsAt.After(at)) {
			w.made[i].stopsAt = at
		}
	}
}

// suspend also takes a key that is suspended already: then nothing changes.
func (w *world) suspend(arg int) {
	w.Helper()
	id := w.pick(arg)
	want := w.wantChangeOf(id)
	if key, err := w.membership.Key(id); err == nil && want == nil {
		for _, index := range policy.RevokedTokensOf(key).StatusIndexes {
			w.dead = append(w.dead, policy.TokenFacts{ClientID: id, StatusIndex: index})
		}
	}
	_ = w.change(want, func(m policy.Membership) (policy.Membership, error) {
		return m.WithSuspendedKey(id, policy.Suspension{At: w.now}, policy.RoleTenantAdmin, w.policy, w.now)
	})
	w.suspended[id] = w.suspended[id] || want == nil
}

// resume also takes a key that is not suspended: then nothing changes.
func (w *world) resume(arg int) {
	w.Helper()
	id := w.pick(arg)
	want := w.wantChangeOf(id)
	_ = w.change(want, func(m policy.Membership) (policy.Membership, error) {
		return m.WithResumedKey(id, [policy.MaxSecrets]uint64{w.index(), w.index()}, w.policy, w.now)
	})
	w.suspended[id] = w.suspended[id] && want != nil
}

// wantChangeOf is what a change of the key fails with.
func (w *world) wantChangeOf(id string) error {
	switch {
	case w.current(id) == nil:
		return policy.ErrKeyNotFound
	case !slices.Contains(w.live(), id):
		return policy.ErrKeyExpired
	}
	return nil
}

func (w *world) revoke(arg int) {
	w.Helper()
	id := w.pick(arg)
	var want error
	if w.current(id) == nil {
		want = policy.ErrKeyNotFound
	}
	if w.change(want, func(m policy.Membership) (policy.Membership, error) { return m.WithoutKey(id) }) == nil {
		w.stop(id, w.now)
	}
}

// remove ends the membership (R8) and starts a new one.
func (w *world) remove() {
	w.Helper()
	var revoked []policy.AccessKey
	had := len(w.membership.Keys)
	_ = w.change(nil, func(m policy.Membership) (next policy.Membership, err error) {
		next, revoked = m.Removed()
		return next, nil
	})
	if w.membership.Exists() || len(w.membership.Keys) > 0 || len(revoked) != had {
		w.Fatalf("removed: %+v remains, %d of %d keys revoked", w.membership, len(revoked), had)
	}
	_ = w.change(policy.ErrNotMember, func(m policy.Membership) (policy.Membership, error) {
		return m.WithKey(policy.AccessKey{ClientID: "mk_late"}, w.policy, w.now)
	})
	for _, id := range w.clientIDs {
		w.stop(id, w.now)
	}
	w.join()
}

func (w *world) revise(arg int) {
	w.Helper()
	periods := policy.Periods()
	change := policy.PolicyChange{Enabled: arg%4 > 0, PeriodDays: periods[arg/4%len(periods)], AcknowledgeRisk: true}
	before := w.live()
	next, err := w.policy.Revise(change, w.now)
	if err != nil {
		w.Fatalf("Revise: %v", err)
	}
	w.policy = next
	if !slices.Equal(w.live(), before) {
		w.Fatalf("a change of policy made the live keys %v out of %v", w.live(), before)
	}
}

func (w *world) pass(d time.Duration) { w.now = w.now.Add(d) }

// verify compares the membership with the model, and checks the limits.
func (w *world) verify() {
	w.Helper()
	working := map[string]int{}
	for _, s := range w.made {
		got, want := w.open(s), w.wantOpen(s)
		if !errors.Is(got, want) {
			w.Fatalf("%s made at %v opens with %v, want %v, at %v", s.clientID, s.issued, got, want, w.now)
		}
		if got == nil {
			working[s.clientID]++
		}
	}
	subject := policy.Subject{Account: policy.Account{Expiration: w.policy}, Membership: w.membership}
	for _, token := range w.dead {
		if subject.TokenLives(token, w.now) {
			w.Fatalf("a token of %s from before its suspension lives, with the index %d", token.ClientID, token.StatusIndex)
		}
	}
	if len(working) > 2 {
		w.Fatalf("more than two live keys: %v", working)
	}
	for id, n := range working {
		if n > 2 {
			w.Fatalf("%d secrets of %s work", n, id)
		}
	}
	var live []string
	for _, k := range w.membership.LiveKeys(w.policy, w.now) {
		live = append(live, k.ClientID)
	}
	if !slices.Equal(live, w.live()) {
		w.Fatalf("live keys %v, want %v", live, w.live())
	}
}

func (w *world) open(s madeSecret) error {
	key, err := w.membership.Key(s.clientID)
	if err != nil {
		return err
	}
	err = checkSecret(key, s.digest, w.policy, w.now)
	at := slices.IndexFunc(key.Secrets, func(of policy.Secret) bool { return of.Digest.Equal(s.digest) })
	subject := policy.Subject{Account: policy.Account{Expiration: w.policy}, Membership: w.membership}
	if err == nil && !subject.TokenLives(policy.TokenFacts{ClientID: s.clientID, StatusIndex: key.Secrets[at].StatusIndex}, w.now) {
		w.Fatalf("a new token of %s would be dead", s.clientID)
	}
	return err
}

func (w *world) wantOpen(s madeSecret) error {
	switch {
	case w.current(s.clientID) == nil:
		return policy.ErrKeyNotFound
	case !s.stopsAt.IsZero() && !w.now.Before(s.stopsAt):
		return policy.ErrWrongSecret
	case !slices.Contains(w.live(), s.clientID):
		return policy.ErrKeyExpired
	case w.suspended[s.clientID]:
		return policy.ErrKeySuspended
	}
	return nil
}
