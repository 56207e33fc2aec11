package server_test

import (
	"context"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// conditional sends a request with If-Match.
func (w *world) conditional(as caller, method, path, tag string, body any) answer {
	w.Helper()
	r := w.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+as.token(w))
	r.Header.Set("If-Match", tag)
	return w.do(r)
}

// tagged are the records that have an ETag, with two changes of each, and whether it can be deleted.
func (w *world) tagged() map[string]struct {
	path, method, change, other string
	deletes                     bool
} {
	key := w.giveKey(w.newMember(), "api")
	return map[string]struct {
		path, method, change, other string
		deletes                     bool
	}{
		"user":   {acmeUsers + "/" + w.newMember().id, "PATCH", `{"name":"One"}`, `{"name":"Two"}`, true},
		"key":    {forgeKeys + "/" + key.clientID, "PATCH", `{"label":"one"}`, `{"label":"two"}`, true},
		"tenant": {forge, "PATCH", `{"tokens_per_minute":1000}`, `{"tokens_per_minute":2000}`, false},
		"policy": {
			"/admin/v1/accounts/acme/expiration-policy", "PUT", `{"enabled":true,"period_days":120}`, `{"enabled":true,"period_days":150}`, false,
		},
	}
}

// A change of what somebody else has changed since it was read is refused, and changes nothing (RFC 9110 section 13.1.1).
func TestIfMatch(t *testing.T) {
	onEachStore(t, func(w *world) {
		for name, record := range w.tagged() {
			read := func() string {
				a := w.get(w.ada, record.path).want(200)
				if a.header.Get("ETag") == "" {
					t.Errorf("%s: no ETag", name)
				}
				return a.header.Get("ETag")
			}
			first := read()
			if again := read(); again != first {
				t.Errorf("%s: %s, then %s, and nothing has changed", name, first, again)
			}
			w.conditional(w.ada, record.method, record.path, `"0123", W/"x",, `+first, record.change).want(200)
			second := read()
			w.conditional(w.ada, record.method, record.path, first, record.other).wantCode(412, "precondition_failed")
			w.conditional(w.ada, record.method, record.path, "W/"+second, record.other).wantCode(412, "precondition_failed")
			if now := read(); now != second {
				t.Errorf("%s: a change that was refused has changed it", name)
			}
			for _, malformed := range []string{"", "0123", `"0123`, `"0123" "4567"`, `*, "0123"`, `w/"0123"`} {
				w.conditional(w.ada, record.method, record.path, malformed, record.other).wantCode(400, "invalid_request")
			}
			a := w.conditional(w.ada, record.method, record.path, "*", record.other).want(200)
			third := read()
			if a.header.Get("ETag") != third {
				t.Errorf("%s: the answer to a change has the ETag %s, and not %s", name, a.header.Get("ETag"), third)
			}
			if record.deletes {
				w.conditional(w.ada, "DELETE", record.path, second, nil).wantCode(412, "precondition_failed")
				w.get(w.ada, record.path).want(200)
				w.conditional(w.ada, "DELETE", record.path, third, nil).want(204)
				w.conditional(w.ada, "DELETE", record.path, "*", nil).want(404)
			}
		}
		w.conditional(w.ada, "PUT", "/admin/v1/accounts/acme/expiration-policy?dry_run=true", `"0123"`, `{"enabled":true,"period_days":90}`).
			wantCode(412, "precondition_failed")
	})
}

// Being used, and growing old, changes no ETag; a new secret, a suspension and a password do.
func TestWhatChangesAnETag(t *testing.T) {
	w := newWorld(t)
	p := w.newMember()
	key := w.giveKey(p, "api")
	path, user := forgeKeys+"/"+key.clientID, acmeUsers+"/"+p.id
	tag := func(path string) string { return w.get(w.ada, path).want(200).header.Get("ETag") }
	first := tag(path)
	w.clock.advance(time.Hour)
	w.exchange(key).want(200)
	w.patch(w.ada, user, `{"disabled":true}`).want(200)
	w.patch(w.ada, user, `{"disabled":false}`).want(200)
	w.clock.advance(time.Second)
	w.exchange(key).want(200) // with a new status index
	if tag(path) != first {
		t.Error("use has changed the ETag of the key")
	}
	w.post(w.ada, path+"/suspend", `{}`).want(200)
	if tag(path) == first {
		t.Error("a suspension has not")
	}
	w.post(w.ada, path+"/resume", `{}`).want(200)
	if tag(path) != first {
		t.Error("the key is as before, and its ETag is not")
	}
	w.post(w.ada, path+"/refresh", `{}`).want(200)
	if tag(path) == first {
		t.Error("a refresh has not changed the ETag")
	}
	refreshed := tag(path)
	w.post(w.ada, path+"/transfer", map[string]string{"user_id": w.newMember().id}).want(200)
	if tag(path) == refreshed {
		t.Error("a change of owner has not changed the ETag")
	}
	w.conditional(w.ada, "DELETE", path, refreshed, nil).wantCode(412, "precondition_failed")
	before := tag(user)
	w.patch(w.ada, user, `{"password":"correct horse battery"}`).want(200)
	if tag(user) == before {
		t.Error("a password has not changed the ETag of the user")
	}
}

// changing is a store in which somebody else changes a record right before each change of one.
type changing struct {
	store.Store
	first func(context.Context)
}

func (s *changing) meanwhile(ctx context.Context) {
	if run := s.first; run != nil {
		s.first = nil
		run(ctx)
	}
}

func (s *changing) UpdateUser(
	ctx context.Context, account, id string, change func(policy.User) (policy.User, []policy.Event, error),
) error {
	s.meanwhile(ctx)
	return s.Store.UpdateUser(ctx, account, id, change)
}

func (s *changing) UpdateTenant(ctx context.Context, id string, change func(policy.Tenant) (policy.Tenant, []policy.Event, error)) error {
	s.meanwhile(ctx)
	return s.Store.UpdateTenant(ctx, id, change)
}

func (s *changing) UpdateAccount(
	ctx context.Context, id string, change func(policy.Account) (policy.Account, []policy.Event, error),
) error {
	s.meanwhile(ctx)
	return s.Store.UpdateAccount(ctx, id, change)
}

func (s *changing) UpdateMembership(ctx context.Context, tenant, user string, change store.MembershipChange) error {
	s.meanwhile(ctx)
	return s.Store.UpdateMembership(ctx, tenant, user, change)
}

// The condition is asked of the record that is replaced, not of one that was read before: nothing comes in between.
func TestIfMatchIsAskedInTheChange(t *testing.T) {
	w := newWorld(t)
	s := &changing{Store: w.store}
	w.store = s
	w.serve()
	admin := bearer(w.tokenOf(w.ada, ""))
	for name, record := range w.tagged() {
		methods := map[string]any{record.method: record.other}
		if record.deletes {
			methods["DELETE"] = nil
		}
		for method, body := range methods {
			tag := w.get(admin, record.path).want(200).header.Get("ETag")
			change := record.change
			if method == "DELETE" {
				change = record.other
			}
			s.first = func(context.Context) { w.ask(admin, record.method, record.path, change).want(200) }
			if a := w.conditional(admin, method, record.path, tag, body); a.status != 412 {
				t.Errorf("%s: %s answered %d", name, method, a.status)
			}
			w.get(admin, record.path).want(200)
			if method != "DELETE" {
				w.ask(admin, record.method, record.path, record.other).want(200)
				w.ask(admin, record.method, record.path, record.change).want(200)
			}
		}
	}
}
