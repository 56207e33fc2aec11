package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
)

// model is what a run of crashes has been told, or has found out: the truth that the server is held to.
type model struct {
	first   accessKey
	live    []*modelKey
	revoked []accessKey
	records map[eventView]int // how often each change of each key must be in the audit trail
}

type modelKey struct {
	accessKey
	owner string
	old   string // the secret before the last refresh, which must not work
}

// change is one create, refresh or revoke.
type change struct {
	action string
	owner  string    // of a create
	key    *modelKey // of a refresh or a revoke
}

func newModel(first accessKey) *model { return &model{first: first, records: map[eventView]int{}} }

func (c *change) String() string {
	if c.key == nil {
		return c.action + " for " + c.owner
	}
	return c.action + " " + c.key.ClientID
}

// next chooses a change that must succeed.
func (m *model) next(random *rand.Rand) *change {
	owner := crashOwners[random.IntN(len(crashOwners))]
	if kind := random.IntN(3); len(m.live) > 0 && kind > 0 {
		return &change{action: []string{"", "key.refreshed", "key.revoked"}[kind], key: m.live[random.IntN(len(m.live))]}
	}
	if own := m.of(owner); len(own) == 2 {
		return &change{action: "key.refreshed", key: own[random.IntN(2)]}
	}
	return &change{action: "key.created", owner: owner}
}

func (m *model) of(owner string) []*modelKey {
	var own []*modelKey
	for _, key := range m.live {
		if key.owner == owner {
			own = append(own, key)
		}
	}
	return own
}

// apply notes a change that happened; key is what a create or a refresh handed out.
func (m *model) apply(c *change, key accessKey) {
	switch c.action {
	case "key.created":
		m.live = append(m.live, &modelKey{accessKey: key, owner: c.owner})
	case "key.refreshed":
		c.key.old, c.key.ClientSecret = c.key.ClientSecret, key.ClientSecret
	case "key.revoked":
		key = c.key.accessKey
		m.live = slices.DeleteFunc(m.live, func(k *modelKey) bool { return k == c.key })
		m.revoked = append(m.revoked, key)
	}
	m.records[eventView{c.action, key.ClientID}]++
}

// check holds the list of keys, and what tokens they get, to the model.
func (m *model) check(t *testing.T, d *deployment) {
	t.Helper()
	listed := d.keys()
	delete(listed, m.first.ClientID)
	if len(listed) != len(m.live) {
		t.Errorf("%d keys are listed; want %d", len(listed), len(m.live))
	}
	for _, key := range m.live {
		if view, ok := listed[key.ClientID]; !ok || view.UserID != key.owner || view.Label != "for "+key.owner || len(view.Scopes) != 2 {
			t.Errorf("%s of %s is listed as %+v", key.ClientID, key.owner, view)
		}
		checkToken(t, d, key.accessKey, http.StatusOK)
		if key.old != "" {
			checkToken(t, d, accessKey{ClientID: key.ClientID, ClientSecret: key.old}, http.StatusUnauthorized)
		}
	}
	for _, key := range m.revoked[max(0, len(m.revoked)-3):] {
		checkToken(t, d, key, http.StatusUnauthorized)
	}
}

func checkToken(t *testing.T, d *deployment, key accessKey, status int) {
	t.Helper()
	if _, a, err := d.admin.fetch(key); err != nil || a.status != status {
		t.Errorf("a token for %s: %v %s; want %d", key.ClientID, err, a, status)
	}
}

// checkAudit holds the audit trail to the model: each change recorded as often as it happened, and nothing else.
func (r *crashRun) checkAudit() {
	r.t.Helper()
	counted := map[eventView]int{}
	for _, event := range r.d.audit() {
		if event.ClientID != "" && event.ClientID != r.d.first.ClientID {
			counted[event]++
		}
	}
	for event, want := range r.model.records {
		if counted[event] != want {
			r.t.Errorf("the audit trail has %d of %v; want %d", counted[event], event, want)
		}
		delete(counted, event)
	}
	for event, count := range counted {
		r.t.Errorf("the audit trail has %d of %v; want none", count, fmt.Sprint(event))
	}
}
