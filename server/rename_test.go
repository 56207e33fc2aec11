package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server/api"
)

// A tenant is renamed by who manages tenants, and keeps its release (R21).
func TestRenamingATenant(t *testing.T) {
	onEachStore(t, func(w *world) {
		read := func() api.Tenant { return decoded[api.Tenant](w, w.get(w.ada, forge).want(200)) }
		before, tag := read(), w.get(w.ada, forge).header.Get("ETag")
		w.patch(w.tom, forge, `{"name":"Smithy"}`).wantCode(403, "insufficient_scope")
		w.patch(w.gus, forge, `{"name":"Smithy"}`).want(404)
		for _, wrong := range []string{`""`, `" "`, `"a\nb"`} {
			w.patch(w.ada, forge, `{"name":`+wrong+`}`).wantCode(422, "invalid_name")
		}
		for _, release := range []string{"25.1", before.Release} {
			w.patch(w.ada, forge, `{"name":"Smithy","release":"`+release+`"}`).wantCode(409, "release_fixed")
		}
		w.patch(w.ada, forge, `{"name":"`+before.Name+`"}`).want(200)
		if got := w.eventsOf(policy.ActionTenantUpdated); len(got) > 0 || !cmp.Equal(read(), before) {
			t.Fatalf("nothing was to change: %+v, %+v", read(), got)
		}
		a := w.conditional(w.ada, "PATCH", forge, tag, `{"name":"Smithy","tokens_per_minute":100}`)
		want := before
		want.Name, want.TokensPerMinute = "Smithy", 100
		if got := decoded[api.Tenant](w, a.want(200)); !cmp.Equal(got, want) || !cmp.Equal(read(), want) {
			t.Error(cmp.Diff(want, got), cmp.Diff(want, read()))
		}
		w.conditional(w.ada, "PATCH", forge, tag, `{"name":"Workshop"}`).wantCode(412, "precondition_failed")
		events := w.eventsOf(policy.ActionTenantUpdated)
		details := map[string]string{"name": "Smithy", "name_before": before.Name, "tokens_per_minute": "100"}
		if len(events) != 1 || events[0].TenantID != "forge" || !cmp.Equal(events[0].Details, details) {
			t.Errorf("recorded %+v", events)
		}
		w.patch(w.ada, forge, `{"tokens_per_minute":null}`).want(200)
		if read().Name != "Smithy" {
			t.Error("another change takes the name")
		}
	})
}
