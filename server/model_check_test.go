package server_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/api"
)

// check looks at a few secrets, tokens and lists, mostly the latest.
func (r *modelRun) check() {
	for n := range 3 {
		k := r.anyKey()
		if n == 0 {
			k = anyOf(r, r.keys)
		}
		if k != nil && len(k.secrets) > 0 {
			secret := k.secrets[len(k.secrets)-1]
			if r.random.IntN(3) == 0 {
				secret = anyOf(r, k.secrets)
			}
			r.checkSecret(k, secret)
		}
	}
	for _, t := range r.tokens[max(len(r.tokens)-6, 0):] {
		r.checkToken(t)
	}
	r.checkKeys(r.anyUser(), r.anyTenant())
}

// checkAll looks at everything.
func (r *modelRun) checkAll() {
	for _, k := range r.keys {
		for _, s := range k.secrets {
			r.checkSecret(k, s)
		}
	}
	for _, t := range r.tokens {
		r.checkToken(t)
	}
	for _, u := range r.users {
		r.checkKeys(u, "mill")
		r.checkKeys(u, "forge")
	}
}

// checkSecret asks for a token.
func (r *modelRun) checkSecret(k *modelKey, s *modelSecret) {
	r.t.Helper()
	inside := r.random.IntN(4) > 0
	scope := anyOf(r, append([]string{"", "", ""}, k.scopes...))
	resource := anyOf(r, append([]string{"", "", issuer}, modelAudiences...))
	values := inBody(person{clientID: k.clientID, secret: s.text})
	if scope != "" {
		values = with(values, "scope", scope)
	}
	if resource != "" {
		values = with(values, "resource", resource)
	}
	w := r.server()
	a := w.postForm(values, r.from(inside))
	r.note("a token of %s with secret %d, scope %q, resource %q, inside %t: %d %s",
		k.clientID, slices.Index(k.secrets, s), scope, resource, inside, a.status, a.peek("error"))
	if reason := r.refusal(k, s, inside); reason != "" {
		r.refused[modelRefusal{k.clientID, reason}]++
		if a.status != 401 && a.status != 429 {
			r.t.Errorf("%s, which is %s, gets %d %s", k.clientID, reason, a.status, a.body)
		}
		return
	}
	s.used = true
	audience, scopes, refused := k.grant(scope, resource)
	if refused != "" {
		a.wantError(400, refused)
		return
	}
	lifetime := tokenLifetime
	if k.lifetime > 0 {
		lifetime = k.lifetime
	}
	issued := r.now.Truncate(time.Second)
	exp := sooner(issued.Add(lifetime), r.ends(k)).Truncate(time.Second)
	if !exp.After(issued) { // the key ends within this second
		r.refused[modelRefusal{k.clientID, "expired"}]++
		a.wantError(401, "invalid_client")
		return
	}
	if a.status != 200 {
		r.t.Errorf("%s gets no token: %d %s", k.clientID, a.status, a.body)
		return
	}
	t := &modelToken{text: a.field("access_token"), key: k, secret: s, scopes: scopes, exp: exp}
	r.tokens = append(r.tokens, t)
	claims := w.claims(t.text)
	if got := strings.Fields(claims.Scope); !slices.Equal(got, scopes) || claims.Audience[0] != audience || !claims.ExpiresAt.Equal(exp) ||
		claims.UserID != k.owner.id || claims.TenantID != k.tenant {
		r.t.Errorf("%s has a token for %s, %s of %s until %v with %v; want %s, %s of %s until %v with %v", k.clientID, claims.Audience,
			claims.UserID, claims.TenantID, claims.ExpiresAt, got, audience, k.owner.id, k.tenant, exp, scopes)
	}
	r.checkToken(t)
}

// checkToken asks each server and its status lists about a token that has not expired.
func (r *modelRun) checkToken(t *modelToken) {
	r.t.Helper()
	if !r.now.Before(t.exp) {
		return
	}
	scopes := allowedTo(t.key.authority(), t.scopes)
	for i, w := range r.servers {
		a := w.introspect(r.admins[1].person, t.text).want(200)
		w.must(w.server.Gateways().Log.Sync(w.Context()))
		w.deliverToGateways()
		if revoked := w.revokedIn(t.text); revoked != (t.died != "") {
			r.t.Errorf("server %d: the status list says %t of a token of %s that died of %q", i, revoked, t.key.clientID, t.died)
		}
		switch active := a.body != inactive; {
		case active != (t.died == ""):
			r.t.Errorf("server %d: introspection says %t of a token of %s that died of %q", i, active, t.key.clientID, t.died)
		case active:
			if got := strings.Fields(a.peek("scope")); !slices.Equal(got, scopes) {
				r.t.Errorf("server %d: a token of %s has now %v, want %v", i, t.key.clientID, got, scopes)
			}
		}
	}
}

// checkKeys holds the list of somebody's keys to the model: no more than two that count, and of each no more than two secrets.
func (r *modelRun) checkKeys(u *modelUser, tenant string) {
	r.t.Helper()
	var list struct{ Items []api.Key }
	r.server().get(r.admins[0].person, "/admin/v1/tenants/"+tenant+"/keys?user_id="+u.id).want(200).into(&list)
	want := map[string]*modelKey{}
	for _, k := range r.live(u, tenant) {
		want[k.clientID] = k
	}
	if len(want) > 2 {
		r.t.Fatalf("the model has %d keys that count", len(want))
	}
	for _, got := range list.Items {
		if got.Status == policy.StatusExpired {
			continue
		}
		k, secrets := want[got.ClientID], 0
		if delete(want, got.ClientID); k == nil {
			r.t.Errorf("%s of %s in %s should not count", got.ClientID, u.id, tenant)
			continue
		}
		if k.current() != nil {
			secrets++
		}
		if r.overlap(k) != nil {
			secrets++
		}
		ends := r.ends(k)
		if len(got.Secrets) != secrets || (got.Status == policy.StatusSuspended) != k.suspended || !slices.Equal(got.Scopes, k.scopes) ||
			(got.ExpiresAt == nil) != ends.IsZero() || got.ExpiresAt != nil && !got.ExpiresAt.Equal(ends) {
			r.t.Errorf("%s has %d secrets, is %s, has %v and ends at %v; want %d, suspended %t, %v and %v",
				got.ClientID, len(got.Secrets), got.Status, got.Scopes, got.ExpiresAt, secrets, k.suspended, k.scopes, ends)
		}
	}
	for id := range want {
		r.t.Errorf("%s of %s in %s is not listed", id, u.id, tenant)
	}
}

// checkRefusals holds the reasons in the audit trail to those that the model knows, each as often as it was refused.
func (r *modelRun) checkRefusals() {
	r.t.Helper()
	r.set(r.now.Add(61 * time.Second))
	for _, w := range r.servers {
		w.run()()
	}
	got := map[modelRefusal]int{}
	for _, event := range r.servers[0].eventsOf(policy.ActionTokenRefused) {
		if event.ID > r.read { // IDs are in the order of time
			count, err := strconv.Atoi(event.Details["count"])
			r.servers[0].must(err)
			got[modelRefusal{event.ClientID, event.Details["reason"]}] += count
		}
	}
	r.read = policy.NewEventID(r.now, [10]byte{})
	for refusal, count := range r.refused {
		if got[refusal] != count {
			r.t.Errorf("the trail has %d refusals of %s because %s; want %d", got[refusal], refusal.clientID, refusal.reason, count)
		}
		delete(got, refusal)
	}
	for refusal, count := range got {
		r.t.Errorf("the trail has %d refusals of %s because %s; want none", count, refusal.clientID, refusal.reason)
	}
	clear(r.refused)
}
