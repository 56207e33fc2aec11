package chaos_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// judge holds the store, and what gateways know, to the model. The load has ended.
func (r *run) judge() {
	r.t.Helper()
	keys := r.model.all()
	r.judgeLists(keys)
	for _, k := range keys {
		r.judgeKey(k)
	}
	r.judgeGateways(keys)
	r.judgeNotices(keys)
}

// decided asks until the server decides.
func decided(ask func() answer) answer {
	var a answer
	_ = e2etest.Within(e2etest.Patience, func() error {
		a = ask()
		if a.unavailable() {
			return errors.New("no decision")
		}
		return nil
	})
	return a
}

// judgeKey asks for tokens. Wrong secrets are soon refused with 429, but one that works again never is.
func (r *run) judgeKey(k *key) {
	seen := k.look()
	ask := func(secret string) answer {
		return decided(func() answer { _, a := r.anyClient().ask(k.id, secret); return a })
	}
	switch seen.state {
	case live:
		if a := ask(seen.secret); a.status != http.StatusOK {
			r.note(&r.lost, "the key %s of %s, changed at %s: %v", k.id, k.owner.id, k.changed.Format(time.TimeOnly), a)
		}
		if k.old != "" {
			if a := ask(k.old); a.status == http.StatusOK {
				r.note(&r.resurrected, "the secret of %s before its refresh works", k.id)
			}
		}
	case dead:
		if a := ask(seen.secret); a.status == http.StatusOK {
			r.note(&r.resurrected, "the key %s, revoked at %s", k.id, k.changed.Format(time.TimeOnly))
		}
	default: // nothing is promised
	}
}

// roleView is a member as the administration API lists it.
type roleView struct {
	UserID string `json:"user_id"`
	Role   string `json:"role"`
}

// judgeLists compares the list of keys and the roles.
func (r *run) judgeLists(keys []*key) {
	r.t.Helper()
	var listed []keyView
	var roles []roleView
	if err := e2etest.Within(e2etest.Patience, func() (err error) {
		if listed, err = list[keyView](r.clients[0], r.keysPath()); err == nil {
			roles, err = list[roleView](r.clients[0], r.memberPath(""))
		}
		return err
	}); err != nil {
		r.note(&r.lost, "the lists: %v", err)
		return
	}
	found := map[string]bool{}
	for _, view := range listed {
		found[view.ClientID] = true
	}
	for _, k := range keys {
		switch state := k.look().state; {
		case state == live && !found[k.id]:
			r.note(&r.lost, "the key %s is not in the list", k.id)
		case state == dead && found[k.id] && !r.rewound:
			r.note(&r.resurrected, "the key %s is in the list", k.id)
		}
	}
	held := map[string]string{}
	for _, role := range roles {
		held[role.UserID] = role.Role
	}
	for _, m := range r.model.members {
		if m.role != "" && held[m.id] != m.role {
			r.note(&r.lost, "%s is %q, not %q", m.id, held[m.id], m.role)
		}
	}
}

// gatewaysLearn is how long after the load every gateway must know of every revocation: far more than the seconds of R5.
const gatewaysLearn = time.Minute

func (r *run) judgeGateways(keys []*key) {
	deadline := time.Now().Add(gatewaysLearn)
	for _, k := range keys {
		if state := k.look().state; state != dead && state != gone {
			continue
		}
		for _, token := range k.held() {
			if missed := r.missing(token, deadline); missed != "" {
				r.note(&r.missed, "%s, revoked at %s: %s", k.id, k.changed.Format(time.TimeOnly), missed)
			}
		}
	}
}

// missing names the gateways that still accept the token at the deadline.
func (r *run) missing(token string, deadline time.Time) string {
	names := ""
	for _, g := range r.watch {
		if err := e2etest.Within(time.Until(deadline), func() error { return g.refuses(token) }); err != nil {
			names += fmt.Sprintf("%s: %v; ", g.name, err)
		}
	}
	return names
}

// noticesArrive is how long after the load every notice must have arrived.
const noticesArrive = 2 * time.Minute

// judgeNotices counts the mails to the owners of keys: one for each acknowledged change.
func (r *run) judgeNotices(keys []*key) {
	deadline := time.Now().Add(noticesArrive)
	if r.row.noticesLate {
		deadline = time.Now().Add(3 * time.Second) // long enough for those that nothing holds up
	}
	for _, k := range keys {
		if k.look().state == unknown {
			continue
		}
		if err := e2etest.Within(time.Until(deadline), func() error {
			if got := r.mail.about(k.id); got < k.told {
				return fmt.Errorf("%d of %d notices about %s", got, k.told, k.id)
			}
			return nil
		}); err != nil {
			if r.row.noticesLate {
				r.t.Logf("late: %v", err)
				return
			}
			r.note(&r.lost, "%v", err)
		}
	}
}
