package server_test

import (
	"slices"
	"testing"
)

// What somebody owns is listed across tenants, for those who administer users.
func TestKeysOfAUser(t *testing.T) {
	onEachStore(t, func(w *world) {
		const path = acmeUsers + "/mia/keys"
		w.put(w.ada, "/admin/v1/tenants/mill/members/mia", `{"role":"member"}`).want(201)
		elsewhere := w.makeKey(w.ada, person{account: "acme", tenant: "mill", id: "mia"}, "api")
		second := w.makeKey(w.ada, person{account: "acme", tenant: "forge", id: "mia"}, "api")
		here := []string{w.mia.clientID, second.clientID}
		slices.Sort(here)
		want := append(here, elsewhere.clientID)
		if got, _ := w.get(w.ada, path).want(200).values("client_id"); !slices.Equal(got, want) {
			w.Errorf("mia owns %q, want %q", got, want)
		}
		if tenants, _ := w.get(w.ada, path).values("tenant_id"); !slices.Equal(tenants, []string{"forge", "forge", "mill"}) {
			w.Errorf("in the tenants %q", tenants)
		}
		var pages []string
		for next := path + "?limit=1"; next != ""; {
			ids, after := w.get(w.ada, next).want(200).values("client_id")
			pages = append(pages, ids...)
			if next = ""; after != "" {
				next = path + "?limit=1&after=" + after
			}
		}
		if !slices.Equal(pages, want) {
			w.Errorf("in pages of one: %q", pages)
		}
		w.get(w.ada, acmeUsers+"/nobody/keys").wantCode(404, "not_found")
		w.get(w.ada, acmeUsers+"/gil/keys").wantCode(404, "not_found")
		w.get(w.tom, path).wantCode(403, "insufficient_scope")
	})
}
