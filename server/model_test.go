package server_test

import (
	"slices"
	"time"

	"mintkey/policy"
)

// model is what a random run has done, in the plainest words: everything that was ever made is kept, and what is true of it is worked out
// anew each time from the rules, with none of the code that is tested.
type model struct {
	now       time.Time
	revisions []modelRevision
	suspended bool // the tenant mill
	users     map[string]*modelUser
	keys      []*modelKey
	tokens    []*modelToken
	requests  []*modelRequest
	refused   map[modelRefusal]int
}

type modelRevision struct {
	at   time.Time
	days int // 0: off
}

type modelUser struct {
	id       string
	robot    bool
	admin    bool // of the account
	disabled bool
	roles    map[string]string // by tenant; absent: not a member
	joined   map[string]int    // how often, by tenant
}

type modelKey struct {
	clientID, tenant string
	owner            *modelUser
	created          time.Time
	scopes           []string
	ceiling          int
	suspended, gone  bool
	fenced           bool // to 198.51.100.0/24
	audiences        []string
	lifetime         time.Duration // 0: as configured
	end              time.Time     // zero: none of its own
	secrets          []*modelSecret
}

// modelSecret is a secret that was handed out once. One without an end is current.
type modelSecret struct {
	text         string
	issued, ends time.Time
	used         bool
}

type modelToken struct {
	text   string
	key    *modelKey
	secret *modelSecret
	scopes []string
	exp    time.Time
	died   string // why; empty while it lives
}

// modelRequest is a create or refresh with an Idempotency-Key.
type modelRequest struct {
	idempotencyKey, path string
	body                 map[string]any
	as                   person
	tenant               string
	owner                *modelUser
	joined               int // of the membership that remembers it
	key                  *modelKey
	secret               *modelSecret // nil for a key that waits to be picked up
	at                   time.Time
}

type modelRefusal struct{ clientID, reason string }

const member, tenantAdmin, accountAdmin, operator = 1, 2, 3, 4

// modelScopes has the least authority that each scope takes.
var modelScopes = map[string]int{
	"api": member, "reports": member, "self": member, "rotate": member, "tokens:introspect": member,
	"keys:read": tenantAdmin, "keys:write": tenantAdmin, "audit:read": accountAdmin,
}

func isOfAPI(scope string) bool { return scope == "api" || scope == "reports" }

var modelAudiences = []string{"https://api.example", "https://other.example", "https://edge.example"}

// standing is the authority that the user's roles give in the tenant (R32).
func (u *modelUser) standing(tenant string) int {
	switch role := u.roles[tenant]; {
	case u.admin:
		return accountAdmin
	case role == string(policy.RoleTenantAdmin):
		return tenantAdmin
	case role != "":
		return member
	}
	return 0
}

// authority is what the key can do: the lesser of its ceiling and what its owner may do now (R9).
func (k *modelKey) authority() int { return min(k.ceiling, k.owner.standing(k.tenant)) }

func allowedTo(authority int, scopes []string) (allowed []string) {
	for _, scope := range scopes {
		if modelScopes[scope] <= authority {
			allowed = append(allowed, scope)
		}
	}
	return allowed
}

// expiry is R12, read aloud; zero is never.
func (m *model) expiry(issued time.Time) time.Time {
	var expiry time.Time
	for i, r := range m.revisions {
		after := func(from time.Time) time.Time { return from.Add(time.Duration(r.days) * 24 * time.Hour) }
		switch grown := after(issued); {
		case !r.at.After(issued) || i == 0: // the revision in force at issue is the last of these
			if expiry = grown; r.days == 0 {
				expiry = time.Time{}
			}
		case !expiry.IsZero() && !r.at.Before(expiry): // it had expired by then
			return expiry
		case r.days == 0:
			expiry = time.Time{}
		case !expiry.IsZero() && !grown.Before(expiry): // the period grew
			expiry = grown
		default: // it shrank, or there was none
			expiry = sooner(expiry, after(r.at))
		}
	}
	return expiry
}

// sooner is the earlier of two ends, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ends is when the key expires; zero is never.
func (m *model) ends(k *modelKey) time.Time {
	issued := k.created
	if s := k.current(); s != nil {
		issued = s.issued
	}
	return sooner(m.expiry(issued), k.end)
}

func (m *model) passed(at time.Time) bool { return !at.IsZero() && !m.now.Before(at) }

func (m *model) expired(k *modelKey) bool { return m.passed(m.ends(k)) }

// forgotten says whether the key is no longer listed, or nearly (R14): the run leaves it alone.
func (m *model) forgotten(k *modelKey) bool {
	ends := m.ends(k)
	return !ends.IsZero() && m.passed(ends.Add(29*24*time.Hour))
}

func (k *modelKey) current() *modelSecret {
	for _, s := range k.secrets {
		if s.ends.IsZero() {
			return s
		}
	}
	return nil
}

// usedAsOf says whether a secret that was issued then was used: a use is known by that time, and here several may be in one instant.
func (k *modelKey) usedAsOf(issued time.Time) bool {
	return slices.ContainsFunc(k.secrets, func(s *modelSecret) bool { return s.used && s.issued.Equal(issued) })
}

// overlap is the old secret that works beside the current one.
func (m *model) overlap(k *modelKey) *modelSecret {
	for _, s := range k.secrets {
		if !s.ends.IsZero() && !m.passed(s.ends) {
			return s
		}
	}
	return nil
}

// live are the keys that count for R2.
func (m *model) live(u *modelUser, tenant string) (live []*modelKey) {
	for _, k := range m.keys {
		if k.owner == u && k.tenant == tenant && !k.gone && !m.expired(k) {
			live = append(live, k)
		}
	}
	return live
}

// stopped is the code with which nothing can be done for the user in the tenant; empty if something can.
func (m *model) stopped(u *modelUser, tenant string) string {
	switch {
	case u.roles[tenant] == "":
		return "not_a_member"
	case u.disabled:
		return "user_disabled"
	case tenant == "mill" && m.suspended:
		return "tenant_suspended"
	}
	return ""
}

// end ends the tokens that fit (R5, R8, R28, R33). Nothing revives them.
func (m *model) end(why string, fits func(*modelToken) bool) {
	for _, t := range m.tokens {
		if t.died == "" && fits(t) {
			t.died = why
		}
	}
}

func (m *model) endKey(k *modelKey, why string) {
	m.end(why, func(t *modelToken) bool { return t.key == k })
}

func (m *model) revoke(k *modelKey, why string) {
	k.gone = true
	m.endKey(k, why)
}

// handOut is what a secret that somebody else is shown does to the key (R9): it never gains.
func (k *modelKey) handOut(owner *modelUser, shown int) {
	k.ceiling = min(k.ceiling, owner.standing(k.tenant), shown)
	k.scopes = allowedTo(owner.standing(k.tenant), k.scopes)
}

// refresh gives the key a new secret, and starts its life again (R6).
func (m *model) refresh(k *modelKey, text string, overlap time.Duration) *modelSecret {
	keyEnds := m.ends(k)
	for _, s := range k.secrets {
		switch {
		case s.ends.IsZero():
			s.ends = sooner(m.now.Add(overlap), keyEnds)
		case s.ends.After(m.now):
			s.ends = m.now
		}
	}
	fresh := &modelSecret{text: text, issued: m.now}
	k.secrets = append(k.secrets, fresh)
	return fresh
}

// remembered says whether the membership still knows of the request: it knows of the last four, and ends with the member (R37).
func (m *model) remembered(r *modelRequest) bool {
	if m.now.Sub(r.at) >= 24*time.Hour || r.owner.joined[r.tenant] != r.joined {
		return false
	}
	later := 0
	for _, other := range m.requests[slices.Index(m.requests, r)+1:] {
		if other.owner == r.owner && other.tenant == r.tenant && other.joined == r.joined {
			later++
		}
	}
	return later < 4
}

// refusal is why the secret authenticates nobody, in the words of the audit trail; empty if it does (R24).
func (m *model) refusal(k *modelKey, s *modelSecret, inside bool) string {
	switch {
	case k.gone:
		return "revoked"
	case m.passed(s.ends):
		return "wrong_secret"
	case m.expired(k):
		return "expired"
	case k.suspended:
		return "suspended"
	case k.fenced && !inside:
		return "foreign_network"
	}
	return map[string]string{"user_disabled": "user_disabled", "tenant_suspended": "tenant_suspended", "": ""}[m.stopped(k.owner, k.tenant)]
}

// grant is what a token has that is asked for with a scope and a resource, either of which may be empty; or the OAuth error (R9, R29).
func (k *modelKey) grant(scope, resource string) (audience string, scopes []string, refused string) {
	asked := k.scopes
	if scope != "" {
		asked = []string{scope}
	}
	open := modelAudiences
	if len(k.audiences) > 0 {
		open = k.audiences
	}
	audience = resource
	if audience == "" {
		audience = issuer
		if slices.ContainsFunc(asked, isOfAPI) {
			audience = modelAudiences[slices.IndexFunc(modelAudiences, func(a string) bool { return slices.Contains(open, a) })]
		}
	}
	if scope != "" && !slices.Contains(k.scopes, scope) {
		return "", nil, "invalid_scope"
	}
	if audience != issuer && !slices.Contains(open, audience) {
		return "", nil, "invalid_target"
	}
	for _, scope := range allowedTo(k.authority(), asked) {
		if isOfAPI(scope) == (audience != issuer) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return "", nil, "invalid_scope"
	}
	return audience, scopes, ""
}
