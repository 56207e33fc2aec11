package server_test

import (
	"fmt"
	"slices"
	"time"
)

// cannotGrant is the code for an admin who would learn the secret of a key that can do more than they; empty if it can't.
func (a *modelAdmin) cannotGrant(owner int, scopes []string) string {
	if a.authority < owner && slices.ContainsFunc(scopes, func(scope string) bool { return !isOfAPI(scope) }) {
		return "not_grantable"
	}
	for _, scope := range scopes {
		if modelScopes[scope] > a.authority {
			return "not_grantable"
		}
	}
	return ""
}

func (r *modelRun) create() {
	u, tenant, pickUp := r.anyUser(), r.anyTenant(), r.random.IntN(8) == 0
	scopes := []string{"api", "reports", "self", "rotate", "tokens:introspect", "keys:read", "keys:write", "audit:read"}
	if r.random.IntN(5) > 0 {
		scopes = allowedTo(u.standing(tenant), scopes)
	}
	scopes = slices.DeleteFunc(scopes, func(string) bool { return r.random.IntN(2) == 0 })
	if len(scopes) == 0 {
		scopes = []string{"api", "rotate"}
	}
	body := map[string]any{"user_id": u.id, "scopes": scopes}
	if pickUp {
		body["pick_up"] = true
	}
	if r.random.IntN(8) == 0 {
		body["expires_at"] = r.now.Add(time.Duration(1+r.random.IntN(100)) * time.Hour).Format(time.RFC3339)
	}
	key := ""
	if r.random.IntN(2) == 0 {
		key = fmt.Sprint("request-", r.random.Uint64())
	}
	r.createAs(r.admin(tenant), &modelRequest{
		idempotencyKey: key, path: "/admin/v1/tenants/" + tenant + "/keys", body: body, tenant: tenant, owner: u,
	})
}

func (r *modelRun) createAs(a *modelAdmin, q *modelRequest) {
	scopes, pickUp := q.body["scopes"].([]string), q.body["pick_up"] == true
	var end time.Time
	if text, ok := q.body["expires_at"].(string); ok {
		end, _ = time.Parse(time.RFC3339, text)
	}
	standing, above, limit, robot, over := q.owner.standing(q.tenant), "", "", "", ""
	if len(allowedTo(standing, scopes)) < len(scopes) {
		above = "scope_above_owner"
	}
	if len(r.live(q.owner, q.tenant)) >= 2 {
		limit = "key_limit_reached"
	}
	if q.owner.robot && pickUp {
		robot = "service_user"
	}
	if r.passed(end) {
		over = "invalid_expiry"
	}
	answer, done := r.ask(a.person, q.idempotencyKey, "POST", q.path, q.body,
		r.stopped(q.owner, q.tenant), a.cannotGrant(standing, scopes), above, limit, robot, over)
	if !done {
		return
	}
	k := &modelKey{
		clientID: answer.field("client_id"), tenant: q.tenant, owner: q.owner, created: r.now, scopes: scopes, end: end, ceiling: standing,
	}
	if !pickUp {
		k.ceiling = min(standing, a.authority)
		k.secrets = []*modelSecret{{text: answer.field("client_secret"), issued: r.now}}
	}
	r.keys = append(r.keys, k)
	r.remember(a, q, k)
}

// remember keeps a request for repeat.
func (r *modelRun) remember(a *modelAdmin, q *modelRequest, k *modelKey) {
	if q.idempotencyKey != "" {
		kept := *q
		kept.as, kept.owner, kept.joined, kept.key, kept.secret, kept.at = a.person, k.owner, k.owner.joined[k.tenant], k, k.current(), r.now
		r.requests = append(r.requests, &kept)
	}
}

func (r *modelRun) anyOverlap() (seconds int) {
	return anyOf(r, []int{0, 0, 60, 3600, 86400, 7 * 86400, 7*86400 + 1})
}

func (r *modelRun) refreshKey() {
	k := r.anyKey()
	if k == nil {
		return
	}
	body := map[string]any{"overlap_seconds": r.anyOverlap()}
	if r.random.IntN(4) == 0 {
		body["revoke_tokens"] = true
	}
	key := ""
	if r.random.IntN(2) == 0 {
		key = fmt.Sprint("request-", r.random.Uint64())
	}
	r.refreshAs(r.admin(k.tenant), k, &modelRequest{
		idempotencyKey: key, path: k.path("/refresh"), body: body, tenant: k.tenant, owner: k.owner,
	})
}

func (r *modelRun) refreshAs(a *modelAdmin, k *modelKey, q *modelRequest) {
	revoke := q.body["revoke_tokens"] == true
	answer, done := r.ask(a.person, q.idempotencyKey, "POST", q.path, q.body,
		append(r.noRefresh(k, q.body["overlap_seconds"].(int), revoke), a.cannotGrant(k.owner.standing(k.tenant), k.scopes))...)
	if done {
		r.refreshed(k, answer, a.authority, q.body)
		r.remember(a, q, k)
	}
}

// noRefresh are the codes with which a refresh is refused whoever asks.
func (r *modelRun) noRefresh(k *modelKey, overlap int, revoke bool) []string {
	none, invalid, expired := r.keepsNone(k, k.owner), "", ""
	if overlap > 7*86400 || overlap > 0 && revoke {
		invalid = "invalid_overlap"
	}
	if r.expired(k) {
		expired = "key_expired"
	}
	return []string{none, invalid, expired}
}

func (r *modelRun) keepsNone(k *modelKey, owner *modelUser) string {
	if len(allowedTo(owner.standing(k.tenant), k.scopes)) == 0 {
		return "scope_above_owner"
	}
	return ""
}

func (r *modelRun) refreshed(k *modelKey, answer answer, shown int, body map[string]any) {
	k.handOut(k.owner, shown)
	seconds := body["overlap_seconds"].(int)
	r.refresh(k, answer.field("client_secret"), time.Duration(seconds)*time.Second)
	if body["revoke_tokens"] == true {
		r.endKey(k, "refreshed with revoke_tokens")
	}
}

// rotate has a key refresh itself (R30).
func (r *modelRun) rotate() {
	k := r.anyKey()
	if k == nil || k.current() == nil || r.refusal(k, k.current(), true) != "" || !slices.Contains(k.scopes, "rotate") {
		return
	}
	p := person{tenant: k.tenant, clientID: k.clientID, secret: k.current().text}
	w := r.server()
	a := w.postForm(with(with(inBody(p), "scope", "rotate"), "resource", issuer), r.from(true))
	r.note("a token to rotate %s: %d", k.clientID, a.status)
	if a.status == 401 && !r.ends(k).After(r.now.Add(2*time.Second)) && !r.ends(k).IsZero() {
		r.refused[modelRefusal{k.clientID, "expired"}]++ // it ends within this second
		return
	}
	k.current().used = true
	body := map[string]any{"overlap_seconds": r.anyOverlap()}
	codes, acting := r.noRefresh(k, body["overlap_seconds"].(int), false), bearer(a.want(200).field("access_token"))
	if k.fenced {
		codes = append(codes, "unauthorized") // the request comes from outside
	}
	if answer, done := r.ask(acting, "", "POST", thisKey, body, codes...); done {
		r.refreshed(k, answer, k.authority(), body)
	}
}

// repeat sends a request again whose answer was lost (R37).
func (r *modelRun) repeat() {
	q := anyOf(r, r.requests[max(len(r.requests)-2, 0):])
	if q == nil {
		return
	}
	at := slices.IndexFunc(r.admins, func(a *modelAdmin) bool { return a.clientID == q.as.clientID })
	if at < 0 || r.now.Sub(q.at) >= 24*time.Hour || q.as.tenant == "mill" && r.suspended {
		return
	}
	a, k := r.admins[at], q.key
	creates := q.body["scopes"] != nil
	if !r.remembered(q) || k.owner != q.owner {
		return // a request like any other
	}
	var codes []string
	if creates {
		scopes, standing := q.body["scopes"].([]string), q.owner.standing(q.tenant)
		codes = append(codes, r.stopped(q.owner, q.tenant), a.cannotGrant(standing, scopes))
		if len(allowedTo(standing, scopes)) < len(scopes) {
			codes = append(codes, "scope_above_owner")
		}
		if end, ok := q.body["expires_at"].(string); ok {
			if end, _ := time.Parse(time.RFC3339, end); r.passed(end) {
				codes = append(codes, "invalid_expiry")
			}
		}
	} else {
		codes = append(codes, r.noRefresh(k, 0, false)...)
		codes = append(codes, a.cannotGrant(k.owner.standing(k.tenant), k.scopes))
	}
	if k.gone {
		codes = append(codes, "idempotency_key_used", "not_found")
	} else if k.current() != q.secret || q.secret != nil && k.usedAsOf(q.secret.issued) {
		codes = append(codes, "idempotency_key_used")
	}
	if !k.gone && r.expired(k) && q.secret != nil {
		codes = append(codes, "key_expired")
	}
	answer, done := r.ask(a.person, q.idempotencyKey, "POST", q.path, q.body, append(codes, r.keepsNone(k, k.owner))...)
	if !done || q.secret == nil {
		return
	}
	if id := answer.field("client_id"); id != k.clientID {
		r.t.Errorf("the repeat made %s instead of another secret of %s", id, k.clientID)
	}
	k.handOut(k.owner, a.authority)
	q.secret.ends = r.now
	q.secret = &modelSecret{text: answer.field("client_secret"), issued: q.secret.issued}
	k.secrets = append(k.secrets, q.secret)
}

func (r *modelRun) endOverlap() {
	k := r.anyKey()
	if k == nil {
		return
	}
	for range 10 { // most have none
		if other := r.anyKey(); other != nil && r.overlap(k) == nil {
			k = other
		}
	}
	old, none, revoke := r.overlap(k), "", r.random.IntN(2) == 0
	if old == nil || r.expired(k) {
		none = "not_found"
	}
	if _, done := r.ask(r.admins[0].person, "", "DELETE", k.path(fmt.Sprint("/overlap?revoke_tokens=", revoke)), nil, none); done {
		old.ends = r.now
		if revoke {
			r.end("overlap ended", func(t *modelToken) bool { return t.secret == old })
		}
	}
}

func (r *modelRun) ifExpired(k *modelKey) string {
	if r.expired(k) {
		return "key_expired"
	}
	return ""
}

func (r *modelRun) suspendKey() {
	if k := r.anyKey(); k != nil {
		if _, done := r.ask(r.admins[0].person, "", "POST", k.path("/suspend"), nil, r.ifExpired(k)); done {
			k.suspended = true
			r.endKey(k, "suspended")
		}
	}
}

func (r *modelRun) resumeKey() {
	if k := r.anyKey(); k != nil {
		if _, done := r.ask(r.admins[0].person, "", "POST", k.path("/resume"), nil, r.ifExpired(k)); done {
			k.suspended = false
		}
	}
}

func (r *modelRun) revokeKey() {
	if k := r.anyKey(); k != nil {
		if _, done := r.ask(r.admins[0].person, "", "DELETE", k.path(""), nil); done {
			r.revoke(k, "revoked")
		}
	}
}

func (r *modelRun) revokeAll() {
	u, tenant := r.anyUser(), r.anyTenant()
	_, done := r.ask(r.admins[0].person, "", "POST", "/admin/v1/tenants/"+tenant+"/keys/revoke", map[string]string{"user_id": u.id})
	if done {
		r.revokeOf(u, tenant)
	}
}

func (r *modelRun) revokeOf(u *modelUser, tenant string) {
	for _, k := range r.keys {
		if k.owner == u && k.tenant == tenant && !k.gone {
			r.revoke(k, "revoked with all")
		}
	}
}

func (r *modelRun) transfer() {
	k, to := r.anyKey(), r.anyUser()
	if k == nil {
		return
	}
	codes := []string{r.stopped(to, k.tenant)}
	if to != k.owner {
		codes = append(codes, r.ifExpired(k), r.keepsNone(k, to))
		if len(r.live(to, k.tenant)) >= 2 {
			codes = append(codes, "key_limit_reached")
		}
	}
	_, done := r.ask(r.admins[0].person, "", "POST", k.path("/transfer"), map[string]string{"user_id": to.id}, codes...)
	if done && to != k.owner {
		k.handOut(to, k.owner.standing(k.tenant))
		k.owner = to
		r.endKey(k, "transferred")
	}
}

// patchKey narrows the scopes, or sets or takes away a fence (R33). What tightens the key ends its tokens.
func (r *modelRun) patchKey() {
	k := r.anyKey()
	if k == nil {
		return
	}
	body, next, tightens, code := map[string]any{}, *k, false, ""
	switch r.random.IntN(5) {
	case 0:
		next.scopes = slices.DeleteFunc(slices.Clone(k.scopes), func(string) bool { return r.random.IntN(3) == 0 })
		if body["scopes"] = next.scopes; len(next.scopes) == 0 {
			code = "invalid_scope"
		}
		tightens = len(next.scopes) < len(k.scopes)
	case 1:
		next.fenced = r.random.IntN(2) == 0
		if body["allowed_networks"] = nil; next.fenced {
			body["allowed_networks"] = []string{"198.51.100.0/24"}
		}
		tightens = next.fenced && !k.fenced
	case 2:
		next.audiences = modelAudiences[:anyOf(r, []int{0, 1, 2})]
		body["audiences"] = next.audiences
		tightens = len(next.audiences) > 0 && (len(k.audiences) == 0 || len(k.audiences) > len(next.audiences))
	case 3:
		next.lifetime = time.Duration(anyOf(r, []int{0, 60, 600, 900})) * time.Second
		if body["token_lifetime_seconds"] = nil; next.lifetime > 0 {
			body["token_lifetime_seconds"] = int(next.lifetime / time.Second)
		}
		tightens = next.lifetime > 0 && (k.lifetime == 0 || k.lifetime > next.lifetime)
	case 4:
		next.end = time.Time{}
		if body["expires_at"] = nil; r.random.IntN(2) == 0 {
			next.end = r.now.Add(time.Duration(1+r.random.IntN(100*3600)) * time.Second).Truncate(time.Second)
			body["expires_at"] = next.end.Format(time.RFC3339)
		}
		if !next.end.Equal(k.end) {
			code = r.ifExpired(k)
		}
		if r.passed(next.end) {
			code = "invalid_expiry"
		}
		tightens = !next.end.IsZero() && (k.end.IsZero() || next.end.Before(k.end))
	}
	if _, done := r.ask(r.admins[0].person, "", "PATCH", k.path(""), body, code); !done {
		return
	}
	if !next.end.IsZero() {
		for _, s := range k.secrets {
			if s.ends.After(next.end) {
				s.ends = next.end
			}
		}
	}
	if *k = next; tightens {
		r.endKey(k, "tightened")
	}
}
