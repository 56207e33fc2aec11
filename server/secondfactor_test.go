package server_test

import (
	"strings"
	"testing"

	"mintkey/policy"
)

// An account requires a second factor only on the word of somebody who has one: the owner of the access key that asks.
func TestRequiringASecondFactor(t *testing.T) {
	onEachStore(t, func(w *world) {
		const path, required = "/admin/v1/accounts/acme", `{"second_factor":"required_for_admins"}`
		w.patch(w.ada, path, required).wantCode(409, "passkey_required")
		w.patch(w.ada, path, `{"second_factor":"sometimes"}`).wantCode(422, "invalid_second_factor")
		w.patch(w.ada, path, `{"second_factor":""}`).wantCode(422, "invalid_second_factor")
		w.patch(w.ada, path, `{"name":"Other"}`).wantCode(400, "invalid_request")
		w.patch(w.ada, path, `{}`).want(200)
		w.must(w.store.UpdateUser(t.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
			u, err := u.WithPasskey(policy.Passkey{ID: "a", Name: "Laptop"})
			return u, nil, err
		}))
		w.patch(w.ada, path, required).want(200).holds(`"second_factor":"required_for_admins"`)
		w.get(w.ada, path).want(200).holds(`"second_factor":"required_for_admins"`)
		w.get(w.ada, path+"/audit?action=account.updated").want(200).holds(`"second_factor_before":"optional"`)
		w.patch(w.ada, path, `{"second_factor":"optional"}`).want(200).holds(`"second_factor":"optional"`)
	})
}

func (a answer) holds(text string) {
	a.t.Helper()
	if !strings.Contains(a.body, text) {
		a.t.Errorf("%s: %s lacks %s", a.request, a.body, text)
	}
}
