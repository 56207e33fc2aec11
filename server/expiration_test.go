package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

const acmePolicy = "/admin/v1/accounts/acme/expiration-policy"

func TestExpirationPolicy(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.get(w.ada, acmePolicy).want(200).golden("policy")
		w.clock.advance(time.Hour)
		w.put(w.ada, acmePolicy, `{"enabled":false}`).wantCode(409, "acknowledgement_required").golden("acknowledgement_required")
		w.put(w.ada, acmePolicy, `{"enabled":false,"acknowledge_risk":false}`).wantCode(409, "acknowledgement_required")
		w.get(w.ada, acmePolicy).want(200).golden("policy")
		w.put(w.ada, acmePolicy, `{"enabled":false,"acknowledge_risk":true}`).want(200).golden("policy_off")
		w.put(w.ada, acmePolicy, `{"enabled":false}`).want(200).golden("policy_off") // is off already
		w.clock.advance(time.Hour)
		w.put(w.ada, acmePolicy, `{"enabled":true,"period_days":120}`).want(200).golden("policy_on_again")
		w.clock.advance(time.Hour)
		w.put(w.ada, acmePolicy, `{"enabled":true,"period_days":120}`).want(200).golden("policy_on_again")
		w.put(w.ada, acmePolicy, `{"enabled":true}`).want(200).golden("policy_on_again")
		w.get(w.ada, acmePolicy).want(200).golden("policy_on_again")
		if body := w.get(w.gus, "/admin/v1/accounts/globex/expiration-policy").want(200).body; strings.Count(body, `"at"`) != 1 {
			w.Errorf("another account's policy: %s", body)
		}
	})
}

func TestBadExpirationPolicies(t *testing.T) {
	w := newWorld(t)
	for _, days := range []string{"0", "1", "30", "60", "89", "91", "100", "390", "720", "-90", "9000000000"} {
		w.put(w.ada, acmePolicy, `{"enabled":true,"period_days":`+days+`}`).wantCode(422, "invalid_period")
		w.put(w.ada, acmePolicy+"?dry_run=true", `{"enabled":true,"period_days":`+days+`}`).wantCode(422, "invalid_period")
	}
	for _, body := range []string{
		`{}`, `{"period_days":90}`, `{"enabled":null}`, `{"enabled":"true"}`, `{"enabled":true,"period_days":90.5}`,
		`{"enabled":true,"period_days":"90"}`, `{"enabled":true,"revisions":[]}`,
		`{"enabled":true,"period_days":null}`, `{"enabled":false,"acknowledge_risk":true,"period_days":null}`,
	} {
		w.put(w.ada, acmePolicy, body).wantCode(400, "invalid_request")
	}
	for _, query := range []string{
		"?dry_run=", "?dry_run", "?dry_run=yes", "?dry_run=1", "?dryrun=true", "?dry_run=true&dry_run=false", "?dry-run=true",
	} {
		w.put(w.ada, acmePolicy+query, `{"enabled":true,"period_days":360}`).wantCode(400, "invalid_request")
	}
	w.get(w.ada, acmePolicy).want(200).golden("policy")
	w.put(w.ada, acmePolicy+"?dry_run=false", `{"enabled":true,"period_days":360}`).want(200)
}

// expiries are when each key of the two tenants of acme expires, as the lists show it.
func (w *world) expiries(as caller) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, tenant := range []string{"forge", "mill"} {
		var page struct {
			Items []struct {
				ClientID  string          `json:"client_id"`
				ExpiresAt json.RawMessage `json:"expires_at"`
			} `json:"items"`
		}
		w.get(as, "/admin/v1/tenants/"+tenant+"/keys?limit=1000").want(200).into(&page)
		for _, key := range page.Items {
			all[key.ClientID] = string(key.ExpiresAt)
		}
	}
	return all
}

type affectedKey struct {
	ClientID string          `json:"client_id"`
	Before   json.RawMessage `json:"expires_at_before"`
	After    json.RawMessage `json:"expires_at_after"`
}

// The dry run of a change predicts exactly what the change does, whatever the change and the history (R15).
func TestDryRunTellsTheTruth(t *testing.T) {
	onEachStore(t, func(w *world) {
		ozzy := w.admit(person{account: "globex", tenant: "dome", id: "ozzy"}, policy.RoleMember, policy.RoleOperator)
		w.put(ozzy, "/admin/v1/accounts/globex/expiration-policy", `{"enabled":false,"acknowledge_risk":true}`).want(200)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		hit := 0
		for range 40 {
			w.clock.advance(time.Duration(random.Int64N(int64(50 * policy.Day))))
			w.refreshSome(random)
			change := fmt.Sprintf(`{"enabled":%t,"period_days":%d,"acknowledge_risk":true}`, random.IntN(3) > 0, policy.Periods()[random.IntN(10)])
			before := w.expiries(ozzy)
			var dryRun struct{ Affected []affectedKey }
			w.put(ozzy, acmePolicy+"?dry_run=true", strings.Replace(change, `,"acknowledge_risk":true`, "", 1)).want(200).into(&dryRun)
			if diff := cmp.Diff(before, w.expiries(ozzy)); diff != "" {
				w.Fatalf("seed %d: the dry run of %s did it: %s", seed, change, diff)
			}
			w.put(ozzy, acmePolicy, change).want(200)
			after := w.expiries(ozzy)
			for _, key := range dryRun.Affected {
				if before[key.ClientID] != string(key.Before) || after[key.ClientID] != string(key.After) {
					w.Fatalf("seed %d: %s was to move %s from %s to %s, and moved from %s to %s", seed, change,
						key.ClientID, key.Before, key.After, before[key.ClientID], after[key.ClientID])
				}
				before[key.ClientID] = after[key.ClientID]
				hit++
			}
			if diff := cmp.Diff(before, after); diff != "" {
				w.Fatalf("seed %d: %s moved more than its dry run said (-said +did):\n%s", seed, change, diff)
			}
			if !slices.IsSortedFunc(dryRun.Affected, func(a, b affectedKey) int { return soonest(string(a.After), string(b.After)) }) {
				w.Fatalf("seed %d: not soonest first: %s", seed, dryRun.Affected)
			}
		}
		if hit == 0 {
			w.Errorf("seed %d: no change hit anybody", seed)
		}
	})
}

// soonest compares expiries as they stand in JSON; null, which is never, comes last.
func soonest(a, b string) int {
	if (a == "null") != (b == "null") {
		return strings.Compare(fmt.Sprint(a == "null"), fmt.Sprint(b == "null")) // false is before true
	}
	at, _ := time.Parse(`"`+time.RFC3339Nano+`"`, a)
	bt, _ := time.Parse(`"`+time.RFC3339Nano+`"`, b)
	return at.Compare(bt)
}

// refreshSome gives half of acme's people a new key, so that keys of all ages are there.
func (w *world) refreshSome(random *rand.Rand) {
	w.Helper()
	for _, p := range []person{w.olga, w.ada, w.tom, w.mia, w.max} {
		if random.IntN(2) == 0 {
			continue
		}
		w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Keys = nil
			return m, nil, nil
		}))
		w.giveKey(p, "api")
		if random.IntN(2) == 0 { // and some of them an end of its own
			end := w.clock.now().Add(time.Duration(1 + random.Int64N(int64(400*policy.Day))))
			w.must(w.store.UpdateMembership(w.Context(), p.tenant, p.id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Keys[0].ExpiresAt = end
				return m, nil, nil
			}))
		}
	}
}

// The example of R12, whole: a key that was made while there was no policy gets a whole period from the day on which one is turned on.
func TestKeyFromBeforeThePolicy(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.clock.set(time.Date(2023, 9, 1, 8, 0, 0, 0, time.UTC))
		w.post(w.olga, "/admin/v1/accounts", `{"id":"hooli","name":"Hooli"}`).want(201)
		const hooli = "/admin/v1/accounts/hooli"
		w.put(w.olga, hooli+"/expiration-policy", `{"enabled":false,"acknowledge_risk":true}`).want(200)
		w.post(w.olga, hooli+"/tenants", `{"id":"garage","name":"Garage","release":"23.4"}`).want(201)
		w.post(w.olga, hooli+"/users", `{"id":"gavin","email":"gavin@hooli.example"}`).want(201)
		w.put(w.olga, "/admin/v1/tenants/garage/members/gavin", `{"role":"member"}`).want(201)

		w.clock.set(time.Date(2023, 10, 5, 15, 30, 0, 0, time.UTC))
		a := w.post(w.olga, "/admin/v1/tenants/garage/keys", newKey("gavin", "api")).want(201)
		gavin := a.created(person{account: "hooli", tenant: "garage", id: "gavin"})
		if !strings.Contains(a.body, `"expires_at":null`) {
			w.Errorf("made without a policy: %s", a.body)
		}

		w.clock.set(time.Date(2023, 11, 1, 12, 0, 0, 0, time.UTC))
		w.put(w.olga, hooli+"/expiration-policy", `{"enabled":true,"period_days":90}`).want(200)
		w.get(w.olga, "/admin/v1/tenants/garage/keys/"+gavin.clientID+"/expiry").want(200).golden("expiry_of_the_example")
		w.get(w.olga, hooli+"/calendar?days=90").want(200).golden("calendar")
		w.get(w.olga, hooli+"/calendar").want(200).golden("calendar_empty")

		expiry := time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)
		w.clock.set(expiry.Add(-30 * policy.Day))
		w.exchange(gavin).want(200).wantHeader("Mintkey-Key-Expires", "2024-01-30T12:00:00Z")
		w.get(w.olga, hooli+"/calendar").want(200).golden("calendar_last_month")
		w.clock.set(expiry.Add(-time.Second))
		w.exchange(gavin).want(200)
		w.clock.set(expiry)
		w.exchange(gavin).wantError(401, "invalid_client")
		// No later change brings it back.
		w.put(w.olga, hooli+"/expiration-policy", `{"enabled":true,"period_days":360}`).want(200)
		w.exchange(gavin).wantError(401, "invalid_client")
		w.put(w.olga, hooli+"/expiration-policy", `{"enabled":false,"acknowledge_risk":true}`).want(200)
		w.exchange(gavin).wantError(401, "invalid_client")
		w.get(w.olga, "/admin/v1/tenants/garage/keys/"+gavin.clientID+"/expiry").want(200).golden("expiry_after_the_end")
	})
}

// Three keys that expire at the same time expire independently.
func TestKeysExpireTogether(t *testing.T) {
	w := newWorld(t)
	w.clock.set(start.Add(90*policy.Day - time.Second))
	for _, p := range []person{w.ada, w.tom, w.mia} {
		w.exchange(p).want(200)
	}
	w.clock.advance(time.Second)
	for _, p := range []person{w.ada, w.tom, w.mia} {
		w.exchange(p).want(401)
	}
}

func TestBadCalendars(t *testing.T) {
	w := newWorld(t)
	for _, query := range []string{"days=0", "days=367", "days=-1", "days=x", "days=1.5", "day=1", "days=1&days=2"} {
		w.get(w.ada, "/admin/v1/accounts/acme/calendar?"+query).wantCode(400, "invalid_request")
	}
	w.get(w.ada, "/admin/v1/accounts/acme/calendar?days=366").want(200)
}
