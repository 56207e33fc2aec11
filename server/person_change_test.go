package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// A new address and other roles are announced with what they were, so that the person can be told; the first membership and a new name are
// not.
func TestChangesOfPeopleAreAnnounced(t *testing.T) {
	onEachStore(t, func(w *world) {
		told := func() (changes []policy.PersonChange) {
			for _, event := range w.announced() {
				if event.Payload.Person != nil && event.UserID == "mia" {
					changes = append(changes, *event.Payload.Person)
				}
			}
			return changes
		}
		told()
		for _, step := range []struct {
			path, body string
			want       []policy.PersonChange
		}{
			{acmeUsers + "/mia", `{"email":"m@acme.example","roles":["account_admin"]}`, []policy.PersonChange{{
				Email: &policy.EmailChange{Before: "mia@acme.example", After: "m@acme.example"},
				Roles: &policy.RoleChange{After: []policy.Role{policy.RoleAccountAdmin}},
			}}},
			{acmeUsers + "/mia", `{"roles":[]}`, []policy.PersonChange{{Roles: &policy.RoleChange{Before: []policy.Role{policy.RoleAccountAdmin}}}}},
			{acmeUsers + "/mia", `{"name":"Mia M."}`, nil},
			{"/admin/v1/tenants/forge/members/mia", `{"role":"tenant_admin"}`, []policy.PersonChange{{
				Roles: &policy.RoleChange{Before: []policy.Role{policy.RoleMember}, After: []policy.Role{policy.RoleTenantAdmin}},
			}}},
			{"/admin/v1/tenants/mill/members/mia", `{"role":"member"}`, nil},
		} {
			method := map[bool]string{true: "PATCH", false: "PUT"}[step.path == acmeUsers+"/mia"]
			if got := w.ask(w.ada, method, step.path, step.body); got.status >= 300 {
				w.Fatalf("%s %s: %d", method, step.path, got.status)
			}
			if diff := cmp.Diff(step.want, told()); diff != "" {
				w.Errorf("%s %s: %s", step.path, step.body, diff)
			}
		}
	})
}
