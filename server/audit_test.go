package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mintkey/policy"
)

const acmeAudit = "/admin/v1/accounts/acme/audit"

// Each change leaves one record: who, from where, what, when, to whom. A request that changes nothing or is refused leaves none.
func TestEveryChangeIsRecorded(t *testing.T) {
	onEachStore(t, func(w *world) {
		second := w.giveKey(w.max, "api")
		steps := []struct {
			as           caller
			method, path string
			body         any
			status       int
		}{
			{w.olga, "POST", "/admin/v1/accounts", `{"id":"hooli","name":"Hooli"}`, 201}, // in the new account's trail
			{w.ada, "POST", "/admin/v1/accounts/acme/tenants", `{"id":"anvil","name":"Anvil","release":"24.3"}`, 201},
			{w.ada, "POST", "/admin/v1/accounts/acme/tenants", `{"id":"anvil","name":"Anvil","release":"24.3"}`, 409},
			{w.ada, "POST", acmeUsers, `{"id":"zoe","email":"zoe@acme.example","roles":["account_admin"],"password":"correct horse"}`, 201},
			{w.ada, "POST", acmeUsers, `{"email":"zoe@acme.example"}`, 409},
			{w.ada, "PATCH", acmeUsers + "/zoe", `{"name":"Zoe","email":"z@acme.example","roles":[],"password":"battery staple"}`, 200},
			{w.ada, "PATCH", acmeUsers + "/zoe", `{"name":"Zoe","roles":[]}`, 200},
			{w.ada, "PUT", "/admin/v1/tenants/anvil/members/zoe", `{"role":"member"}`, 201},
			{w.ada, "PUT", "/admin/v1/tenants/anvil/members/zoe", `{"role":"member"}`, 200},
			{w.ada, "PUT", "/admin/v1/tenants/anvil/members/zoe", `{"role":"tenant_admin"}`, 200},
			{w.ada, "POST", "/admin/v1/tenants/anvil/keys", `{"user_id":"zoe","label":"nightly","scopes":["api"]}`, 201},
			{w.ada, "POST", "/admin/v1/tenants/anvil/keys", `{"user_id":"zoe","scopes":["api"]}`, 201},
			{w.ada, "POST", "/admin/v1/tenants/anvil/keys", `{"user_id":"zoe","scopes":["api"]}`, 409},
			{w.max, "POST", "/admin/v1/tenants/mill/keys/" + second.clientID + "/refresh", `{"overlap_seconds":60}`, 200},
			{w.max, "POST", ownKeys + "/" + second.clientID + "/refresh", nil, 200},
			{w.max, "DELETE", "/admin/v1/tenants/mill/keys/" + second.clientID, nil, 204},
			{w.max, "DELETE", "/admin/v1/tenants/mill/keys/" + second.clientID, nil, 404},
			{w.ada, "PATCH", acmeUsers + "/max", `{"disabled":true}`, 200}, // and one for the key that is revoked with it
			{w.ada, "DELETE", "/admin/v1/tenants/forge/members/mia", nil, 204},
			{w.ada, "DELETE", acmeUsers + "/zoe", nil, 204}, // and one for the membership and each of the two keys
			{w.ada, "PUT", acmePolicy, `{"enabled":true,"period_days":360}`, 200},
			{w.ada, "PUT", acmePolicy, `{"enabled":true,"period_days":360}`, 200},
			{w.ada, "PUT", acmePolicy + "?dry_run=true", `{"enabled":true,"period_days":90}`, 200},
			{w.ada, "PUT", acmePolicy, `{"enabled":false,"acknowledge_risk":true}`, 200},
		}
		for i, step := range steps {
			r := w.request(step.method, step.path, step.body)
			authorization("Bearer " + step.as.token(w))(r)
			header("X-Request-Id", fmt.Sprintf("step-%d", i))(r)
			r.RemoteAddr = fmt.Sprintf("192.0.2.%d:4711", i)
			w.do(r).want(step.status)
			w.clock.advance(time.Second) // events of one instant have no order
		}
		w.auditIs("audit", w.get(w.ada, acmeAudit).want(200))
		w.get(w.olga, "/admin/v1/accounts/hooli/audit").want(200).golden("audit_of_new_account")
	})
}

// auditIs compares a trail with a golden file in which the records of one instant, which have no order, are sorted.
func (w *world) auditIs(name string, a answer) {
	w.Helper()
	lines := strings.Split(mask(a.body), `},{"id":`)
	slices.SortStableFunc(lines[1:], func(a, b string) int {
		at := func(line string) string { _, rest, _ := strings.Cut(line, `"at":`); return rest }
		return -strings.Compare(at(a), at(b))
	})
	a.body = strings.Join(lines, "},\n{\"id\":")
	a.golden(name)
}

func TestFiltersOfTheTrail(t *testing.T) {
	onEachStore(t, func(w *world) {
		var keys []person
		for i, tenant := range []string{"forge", "mill", "forge"} {
			owner := []person{w.mia, w.max, w.tom}[i]
			w.clock.set(start.Add(time.Duration(i) * time.Hour))
			creator := []caller{w.tom, w.ada, w.ada}[i]
			a := w.post(creator, "/admin/v1/tenants/"+tenant+"/keys", newKey(owner.id, "api")).want(201)
			keys = append(keys, a.created(owner))
		}
		w.clock.set(start.Add(3 * time.Hour))
		w.delete(w.ada, forgeKeys+"/"+keys[0].clientID).want(204)
		at := func(hours int) string { return start.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339Nano) }
		all := []string{keys[0].clientID, keys[2].clientID, keys[1].clientID, keys[0].clientID}
		for query, want := range map[string][]string{
			"":                                   all,
			"action=key.created":                 all[1:],
			"action=key.revoked":                 all[:1],
			"action=key":                         {},
			"actor=tom":                          all[3:],
			"actor=" + w.ada.clientID:            all[:3],
			"actor=mia":                          {},
			"client_id=" + keys[0].clientID:      {all[0], all[3]},
			"key=" + keys[0].clientID:            {all[0], all[3]},
			"tenant_id=mill":                     {all[2]},
			"tenant_id=dome":                     {},
			"since=" + at(1):                     all[:3],
			"until=" + at(3):                     all[1:],
			"since=" + at(1) + "&until=" + at(2): {all[2]},
			"since=" + at(4):                     {},
			"actor=ada&tenant_id=forge&action=key.created": {all[1]},
			"since=2026-03-02T11:00:00.250%2B01:00":        all[:3], // 10:00 UTC
		} {
			if got, _ := w.get(w.ada, acmeAudit+"?"+query).values("client_id"); !slices.Equal(got, want) {
				w.Errorf("%s: %q, want %q", query, got, want)
			}
			sign := "?" + query + "&"
			for limit := 1; limit <= 3 && len(want) > 0; limit++ {
				if got := w.pages(w.ada, acmeAudit+strings.TrimSuffix(sign, "&"), "client_id", limit); !slices.Equal(got, want) {
					w.Errorf("%s in pages of %d: %q, want %q", query, limit, got, want)
				}
			}
		}
		for _, query := range []string{
			"since=yesterday", "until=2026-03-02", "since=2026-03-02T11:00:00", "user=mia", "limit=0",
			"since=" + at(0) + "&since=" + at(1),
		} {
			w.get(w.ada, acmeAudit+"?"+query).wantCode(400, "invalid_request")
		}
		if got, _ := w.get(w.gus, "/admin/v1/accounts/globex/audit").values("id"); len(got) != 0 {
			w.Errorf("another account's trail has %q", got)
		}
	})
}

// A filter finds its records among many others.
func TestTrailIsLong(t *testing.T) {
	w := newWorld(t)
	for i := range 620 { // more than the server reads at once
		at := start.Add(time.Duration(i) * time.Second)
		w.must(w.store.RecordEvents(t.Context(), policy.Event{
			ID:        policy.NewEventID(at, [10]byte{byte(i >> 8), byte(i)}),
			At:        at,
			Action:    policy.ActionUserUpdated,
			Actor:     policy.Actor{Via: "api"},
			AccountID: "acme",
			UserID:    []string{"mia", "tom"}[min(i%100, 1)],
			Details:   map[string]string{"n": fmt.Sprint(i)},
		}))
	}
	if got := w.pages(w.ada, acmeAudit, "user_id", 100); len(got) != 620 {
		t.Errorf("%d of 620 records", len(got))
	}
	until := start.Add(100 * time.Second).Format(time.RFC3339Nano) // not among the records that are read first
	if got := w.pages(w.ada, acmeAudit+"?until="+until, "user_id", 7); len(got) != 100 {
		t.Errorf("%d of 100 records", len(got))
	}
}
