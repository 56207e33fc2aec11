package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server/api"
)

// Who manages tenants says who gets the notices of a tenant's keys beside the owners (R16).
func TestNoticeAddressesOfATenant(t *testing.T) {
	onEachStore(t, func(w *world) {
		shown := func(a answer) []string { return decoded[api.Tenant](w, a.want(200)).NoticeAddresses }
		want := []string{"ops@acme.example", "oncall@acme.example"}
		const both = `{"notice_addresses":["ops@acme.example","oncall@acme.example","OPS@acme.example"]}`
		w.patch(w.tom, forge, both).wantCode(403, "insufficient_scope")
		for _, got := range [][]string{shown(w.patch(w.ada, forge, both)), shown(w.get(w.ada, forge)), shown(w.patch(w.ada, forge, `{}`))} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		many := make([]string, policy.MaxNoticeAddresses+1)
		for i := range many {
			many[i] = fmt.Sprintf("%q", fmt.Sprintf("ops-%d@acme.example", i))
		}
		for _, wrong := range []string{`[""]`, `["ops"]`, `["Ops <ops@acme.example>"]`, `[` + strings.Join(many, ",") + `]`} {
			a := w.patch(w.ada, forge, `{"notice_addresses":`+wrong+`}`)
			a.wantCode(422, "invalid_email")
			if !strings.Contains(a.body, "at most 10 e-mail addresses") {
				t.Errorf("%s", a.body)
			}
		}
		for _, none := range []string{"null", "[]"} {
			w.patch(w.ada, forge, both).want(200)
			if got := shown(w.patch(w.ada, forge, `{"notice_addresses":`+none+`}`)); got != nil {
				t.Errorf("%s leaves %q", none, got)
			}
		}
		var recorded []string
		for _, event := range w.eventsOf(policy.ActionTenantUpdated) {
			recorded = append(recorded, event.Details["notice_addresses"])
		}
		slices.Sort(recorded) // the clock stands still
		given := strings.Join(want, " ")
		if diff := cmp.Diff([]string{"none", "none", given, given}, recorded); diff != "" {
			t.Error(diff)
		}
	})
}
