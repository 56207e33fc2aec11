package chaos_test

import (
	"math/rand/v2"
	"net/http"

	"mintkey/e2e/internal/e2etest"
)

// writeOnce changes the member or one of its keys, and, where the server can't say how that ended, goes on until it can.
func (r *run) writeOnce(m *member) {
	if len(m.own) == 0 || len(m.own) < 2 && rand.IntN(3) == 0 {
		r.createKey(m)
		return
	}
	k := m.own[rand.IntN(len(m.own))]
	switch dice := rand.IntN(10); {
	case dice < 5:
		r.refreshKey(k)
	case dice < 8:
		r.revokeKey(k)
	default:
		r.changeRole(m)
	}
}

func (r *run) createKey(m *member) {
	id, secret, a := r.create(r.anyClient(), m)
	switch {
	case a.acknowledged():
		r.requests.Add(1)
		r.model.add(m, id, secret)
	case isLimit(a) && m.inDoubt():
		r.requests.Add(1)
		r.sweep(m)
	case !r.judgeChange("a key for "+m.id, a):
		m.doubt()
		r.sweep(m)
	}
}

// sweep looks for keys that nobody was told of, and revokes them.
func (r *run) sweep(m *member) {
	for {
		c := r.anyClient()
		found, err := r.strangers(c, m)
		for _, id := range found {
			if a := c.do(http.MethodDelete, r.keysPath()+"/"+id, nil); a.status != http.StatusNoContent && a.status != http.StatusNotFound {
				err = a.err
				found = append(found, id)
				break
			}
		}
		if err == nil && len(found) == 0 || !r.again() {
			return
		}
	}
}

func (r *run) refreshKey(k *key) {
	k.begin()
	for {
		a := r.anyClient().do(http.MethodPost, r.keysPath()+"/"+k.id+"/refresh", map[string]any{})
		if r.judgeChange("a refresh of "+k.id+", which exists", a) {
			var body e2etest.FirstKey
			if a.acknowledged() && a.decode(&body) {
				k.replace(body.ClientSecret)
			} else {
				k.end(live) // the answer is counted as wrong; the judge will say whether the key is lost
			}
			return
		}
		if !r.again() {
			return
		}
	}
}

func (r *run) revokeKey(k *key) {
	seen := k.look()
	if token, a := r.anyClient().ask(k.id, seen.secret); a.status == http.StatusOK {
		k.hold(token, seen) // so that there is something to be refused
	}
	k.begin()
	for doubtful := false; ; doubtful = true {
		a := r.anyClient().do(http.MethodDelete, r.keysPath()+"/"+k.id, nil)
		switch {
		case doubtful && a.status == http.StatusNotFound:
			r.requests.Add(1)
			k.owner.forget(k)
			k.end(gone)
			return
		case r.judgeChange("a revoke of "+k.id+", which exists", a):
			k.owner.forget(k)
			if a.acknowledged() {
				k.acknowledge(dead)
			} else {
				k.end(gone)
			}
			return
		}
		if !r.again() {
			return
		}
	}
}

func (r *run) changeRole(m *member) {
	to := "tenant_admin"
	if m.role == to {
		to = "member"
	}
	m.setRole("")
	for {
		a := r.anyClient().do(http.MethodPut, r.memberPath(m.id), map[string]any{"role": to})
		if r.judgeChange("a role for "+m.id+", who is a member", a) {
			if a.acknowledged() {
				m.setRole(to)
			}
			return
		}
		if !r.again() {
			return
		}
	}
}
