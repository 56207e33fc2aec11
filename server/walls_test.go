package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

const nothingHere = `{"type":"about:blank","title":"Not found","status":404,` +
	`"detail":"There is nothing here that you may see.","code":"not_found","request_id":"REQUEST"}` + "\n"

// intrusion is an attempt to reach another's resource: at least one ID that the path names is not the caller's own.
type intrusion struct {
	name   string
	caller person
	ids    map[string]string
	only   string // the parameter that a path must have to be worth a try; "" for any
}

func (w *world) intrusions() []intrusion {
	theirs := func(own map[string]string, changes ...string) map[string]string {
		ids := maps.Clone(own)
		for i := 0; i < len(changes); i += 2 {
			ids[changes[i]] = changes[i+1]
		}
		return ids
	}
	ada, tom := w.own(w.ada), w.own(w.tom)
	missing := map[string]string{"account": "nowhere", "tenant": "nowhere", "user": "nobody", "client_id": "mk_unknown"}
	all := []intrusion{
		{"another account", w.ada, w.own(w.gil), ""},
		{"another account, the other way round", w.gus, w.own(w.mia), ""},
		{"another account, by a tenant admin", w.tom, w.own(w.gil), ""},
		{"another account, by a member", w.mia, w.own(w.gil), ""},
		{"what does not exist", w.ada, missing, ""},
		{"what does not exist, by an operator", w.olga, missing, ""},
		{"what does not exist, through one's own", w.ada, theirs(ada, "user", "nobody", "client_id", "mk_unknown"), "user"},
		{"what does not exist, through one's own", w.ada, theirs(ada, "user", "nobody", "client_id", "mk_unknown"), "client_id"},
		{"another tenant of the account, by a tenant admin", w.tom, theirs(w.own(w.max), "account", "globex"), ""},
		{"another tenant of the account, by a member", w.mia, theirs(w.own(w.max), "account", "globex"), ""},
		{"another account's user through one's own account", w.ada, theirs(ada, "user", "gil"), "user"},
		{"another account's key through one's own tenant", w.ada, theirs(ada, "client_id", w.gil.clientID), "client_id"},
		{"another tenant's key through one's own tenant", w.ada, theirs(ada, "client_id", w.max.clientID), "client_id"},
		{"another tenant's key through one's own tenant, by a tenant admin", w.tom, theirs(tom, "client_id", w.max.clientID), "client_id"},
		{"one's own key through another tenant", w.ada, theirs(ada, "tenant", "mill"), "client_id"},
		{"one's own key through another account's tenant", w.ada, theirs(ada, "tenant", "dome"), "client_id"},
	}
	for _, id := range []string{"FORGE", "forge%00", "%00", "forge%20", "*", "%7Bforge%7D", "%FF", "forge%2e", "%e2%80%8bforge"} {
		everywhere := map[string]string{"account": id, "tenant": id, "user": id, "client_id": id}
		all = append(all, intrusion{"a hostile ID", w.ada, everywhere, ""})
		all = append(all, intrusion{"a hostile ID, by an operator", w.olga, everywhere, ""})
		all = append(all, intrusion{"a hostile ID through one's own", w.ada, theirs(ada, "user", id), "user"})
		all = append(all, intrusion{"a hostile ID through one's own", w.tom, theirs(tom, "client_id", id), "client_id"})
	}
	return all
}

// Each route is tried with each foreign ID. A resource of somebody else gets the same answer as one that does not exist, and is unchanged.
func TestIsolation(t *testing.T) {
	onEachStore(t, func(w *world) {
		w.handler = w.server.Handler() // every answer is compared with one that the document allows
		before, bearers := w.everything(), map[string]bearer{}
		for _, p := range []person{w.olga, w.ada, w.tom, w.mia, w.gus} {
			bearers[p.id] = bearer(w.tokenOf(p, ""))
		}
		for _, r := range w.routes() {
			for _, try := range w.intrusions() {
				named := slices.ContainsFunc([]string{"account", "tenant", "user", "client_id"}, r.has)
				ownKey := strings.HasPrefix(r.path, "/me/v1/keys/{client_id}") && try.ids["client_id"] == try.caller.clientID
				if !named || ownKey || try.only != "" && !r.has(try.only) {
					continue
				}
				a := w.ask(bearers[try.caller.id], r.method, r.fill(try.ids), r.body())
				if a.status != 404 || mask(a.body) != nothingHere || a.header.Get("WWW-Authenticate") != "" {
					w.Errorf("%s: %s answered %d: %s", try.name, a.request, a.status, a.body)
				}
			}
		}
		if diff := cmp.Diff(before, w.everything()); diff != "" {
			w.Errorf("something has changed (-before +after):\n%s", diff)
		}
	})
}

// No route takes a token that is for an API, or for this server among others, whatever it says it may do and whoever owns it.
func TestIsolationOfAudiences(t *testing.T) {
	onEachStore(t, func(w *world) {
		before := w.everything()
		for _, p := range []person{w.olga, w.ada, w.mia} {
			good := w.claims(w.tokenOf(p, ""))
			for _, audience := range []tokens.Audience{
				{"https://api.example"},
				{"https://other.example"},
				{"https://stranger.example"},
				{issuer + "/"},
				{issuer, "https://api.example"},
				{"https://api.example", issuer},
				{issuer, issuer},
			} {
				claims := good
				claims.Audience = audience
				token := w.signed(tokens.TypeAccessToken, claims)
				for _, r := range w.routes() {
					w.ask(token, r.method, r.fill(w.own(p)), r.body()).wantCode(401, "unauthorized")
				}
				w.get(token, "/oauth2/revocations").wantError(401, "invalid_token")
				w.introspectAs(token, string(token)).wantError(401, "invalid_token")
			}
		}
		if diff := cmp.Diff(before, w.everything()); diff != "" {
			w.Errorf("something has changed (-before +after):\n%s", diff)
		}
	})
}

// everything returns all records that must not change.
func (w *world) everything() (all []any) {
	w.Helper()
	everyItem := store.Page{Limit: 1000}
	accounts, err := w.store.Accounts(w.Context(), everyItem)
	w.must(err)
	for _, account := range accounts {
		users, err := w.store.Users(w.Context(), account.ID, everyItem)
		w.must(err)
		tenants, err := w.store.Tenants(w.Context(), account.ID, everyItem)
		w.must(err)
		events, err := w.store.Events(w.Context(), account.ID, store.EventsQuery{Limit: 1000})
		w.must(err)
		all = append(all, account, users, len(tenants), events)
		for _, tenant := range tenants {
			members, err := w.store.Memberships(w.Context(), tenant.ID, everyItem)
			w.must(err)
			all = append(all, tenant.ID, members)
		}
	}
	return all
}

// The owner of a new key is named in the body. There too, a foreign user looks like one that does not exist.
func TestIsolationInBodies(t *testing.T) {
	w := newWorld(t)
	const keys = "/admin/v1/tenants/forge/keys"
	nobody := w.post(w.ada, keys, `{"user_id":"nobody"}`).wantCode(422, "not_a_member")
	for _, body := range []string{
		`{"user_id":"gil"}`, `{"user_id":"max"}`, `{"email":"gil@globex.example"}`,
		`{"email":"max@acme.example"}`, `{"email":"nobody@acme.example"}`,
		`{"user_id":"mia/../gil"}`, `{"user_id":"forge/mia"}`, `{"user_id":"\u0000"}`, `{"user_id":"MIA"}`,
	} {
		if a := w.post(w.ada, keys, body); a.status != 422 || mask(a.body) != mask(nobody.body) {
			t.Errorf("%s can be told from nobody: %s", body, a.body)
		}
	}
}

// An operator may act in every account, and each change is recorded in that account.
func TestOperatorsSeeEverything(t *testing.T) {
	w := newWorld(t)
	for _, r := range w.routes() {
		if r.method == "GET" {
			w.get(w.olga, r.fill(w.own(w.gil))).want(200)
		}
	}
	w.post(w.olga, "/admin/v1/tenants/dome/keys", `{"email":"GIL@globex.example"}`).want(201)
	actions, _ := w.get(w.gus, "/admin/v1/accounts/globex/audit").values("action")
	if diff := cmp.Diff([]string{string(policy.ActionKeyCreated)}, actions); diff != "" {
		t.Errorf("the trail of globex (-want +got):\n%s", diff)
	}
}

// An account admin reaches every tenant of the account, without being a member.
func TestAccountAdminsSeeTheirAccount(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"", "/members", "/keys", "/keys/" + w.max.clientID, "/keys/" + w.max.clientID + "/expiry"} {
		w.get(w.ada, "/admin/v1/tenants/mill"+path).want(200)
	}
	for path, want := range map[string][]string{
		"/admin/v1/accounts":              {"acme"},
		"/admin/v1/accounts/acme/tenants": {"forge", "mill"},
		"/admin/v1/accounts/acme/users":   {"ada", "max", "mia", "olga", "tom"},
	} {
		if got, _ := w.get(w.ada, path).values("id"); !slices.Equal(got, want) {
			t.Errorf("ada sees %q at %s, want %q", got, path, want)
		}
	}
	for path, want := range map[string][]string{"/admin/v1/accounts": {"acme"}, "/admin/v1/accounts/acme/tenants": {"forge"}} {
		if got, _ := w.get(w.tom, path).values("id"); !slices.Equal(got, want) {
			t.Errorf("tom sees %q at %s, want %q", got, path, want)
		}
	}
}
