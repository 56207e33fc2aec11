package chaos_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// model is everything that a run was told: the truth that the store is held to. Only the writer of a member changes the member and its
// keys; everybody may look.
type model struct {
	members []*member

	mu   sync.Mutex
	keys []*key
}

// member is a user in the tenant.
type member struct {
	id string

	mu     sync.Mutex
	role   string // empty while it is not known
	roleAt time.Time
	// doubtful says that a create may have made a key that nobody knows, or that history has gone back: there may be other keys.
	doubtful bool
	own      []*key // that are not dead; for its writer only
}

// state is what is known of a key.
type state int

const (
	unknown state = iota // a change is under way, or nobody knows how it ended
	live                 // its secret must get a token
	dead                 // its revoke was acknowledged
	gone                 // found to be revoked, though no revoke was acknowledged
)

// key is an access key.
type key struct {
	owner *member
	id    string

	mu      sync.Mutex
	state   state
	version int // grows with every beginning and end of a change
	secret  string
	old     string    // the secret before the last refresh, which must not work
	changed time.Time // when the last change was acknowledged
	tokens  []string  // the latest token of each secret
	told    int       // acknowledged changes, each of which is a notice
}

// sight is a key at one moment.
type sight struct {
	state   state
	version int
	secret  string
}

func (k *key) look() sight {
	k.mu.Lock()
	defer k.mu.Unlock()
	return sight{k.state, k.version, k.secret}
}

// unchanged says that no change has begun or ended since.
func (k *key) unchanged(since sight) bool { return k.look().version == since.version }

// begin says that a change is under way.
func (k *key) begin() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state, k.version = unknown, k.version+1
}

// end says that a change has ended, and what is known now.
func (k *key) end(now state) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state, k.version, k.changed = now, k.version+1, time.Now()
}

// acknowledge is end for a change that was acknowledged.
func (k *key) acknowledge(now state) {
	k.end(now)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.told++
}

// replace notes a refresh that was acknowledged.
func (k *key) replace(secret string) {
	k.mu.Lock()
	k.old, k.secret = k.secret, secret
	k.tokens = append(k.tokens, "")
	k.mu.Unlock()
	k.acknowledge(live)
}

// hold keeps a token of the present secret. It says false if the secret is not the present one any more.
func (k *key) hold(token string, seen sight) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.secret == seen.secret {
		k.tokens[len(k.tokens)-1] = token
	}
}

func (k *key) held() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(k.tokens), func(token string) bool { return token == "" })
}

func (m *model) add(owner *member, id, secret string) {
	k := &key{owner: owner, id: id, secret: secret, tokens: []string{""}}
	k.acknowledge(live)
	owner.own = append(owner.own, k)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append(m.keys, k)
}

func (m *model) all() []*key {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.keys)
}

// any is a key, seldom one that is revoked: the budgets for wrong secrets are small.
func (m *model) any() *key {
	keys := m.all()
	for range 50 {
		if len(keys) == 0 {
			return nil
		}
		if k := keys[rand.IntN(len(keys))]; k.look().state == live || rand.IntN(100) == 0 {
			return k
		}
	}
	return nil
}

// rewind says that the store has gone back to a moment: what was made or replaced since is documented to be lost. What was revoked since
// must stay so.
func (m *model) rewind(to time.Time) {
	for _, k := range m.all() {
		k.mu.Lock()
		if k.changed.After(to) && k.state != dead {
			k.state, k.version = unknown, k.version+1
		}
		k.mu.Unlock()
	}
	for _, member := range m.members {
		member.mu.Lock()
		member.doubtful = true
		if member.roleAt.After(to) {
			member.role = ""
		}
		member.mu.Unlock()
		member.own = slices.DeleteFunc(member.own, func(k *key) bool { return k.look().state == unknown })
	}
}

// forget takes a key that is dead, or that nobody knows about, from the hands of its writer.
func (m *member) forget(k *key) {
	m.own = slices.DeleteFunc(m.own, func(other *key) bool { return other == k })
}

func (m *member) setRole(role string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.role, m.roleAt = role, time.Now()
}

func (m *member) doubt() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubtful = true
}

func (m *member) inDoubt() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.doubtful
}
