package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"mintkey/server/api"
)

// Tenant admins read the traffic of their tenant, account admins that of all tenants, as JSON and as CSV.
func TestTrafficAPI(t *testing.T) {
	onEachStore(t, func(w *world) {
		ada, tom, mia := bearer(w.tokenOf(w.ada, "")), bearer(w.tokenOf(w.tom, "")), bearer(w.tokenOf(w.mia, ""))
		for range 2 {
			w.exchange(w.mia).want(200)
		}
		wrong := w.mia
		wrong.secret = w.tom.secret
		w.exchange(wrong).want(401)
		w.run()()
		const tenant, account = "/admin/v1/tenants/forge/traffic", "/admin/v1/accounts/acme/traffic"

		read := func(as caller, path string) (got api.Traffic) {
			w.get(as, path).want(200).into(&got)
			return got
		}
		got := read(tom, tenant+"?client_id="+w.mia.clientID)
		last := got.Steps[len(got.Steps)-1]
		if got.AccountID != "acme" || got.TenantID != "forge" || got.ClientID != w.mia.clientID ||
			len(got.Steps) != 24 || got.StepSeconds != 3600 ||
			got.Total.Issued != 3 || got.Total.Refused != 1 || got.Total.Reasons["wrong_secret"] != 1 || last.Issued != 3 || len(got.Parts) != 0 {
			t.Errorf("traffic of a key: %+v", got)
		}
		got = read(tom, tenant+"?range=1h")
		isMia := func(p api.TrafficPart) bool { return p.ClientID == w.mia.clientID && p.Issued == 3 && p.Refused == 1 }
		if len(got.Steps) != 60 || got.StepSeconds != 60 || !slices.ContainsFunc(got.Parts, isMia) {
			t.Errorf("traffic of a tenant: %+v", got)
		}
		got = read(ada, account+"?range=90d")
		isForge := func(p api.TrafficPart) bool { return p.TenantID == "forge" && p.ClientID == "" && p.Issued >= 4 }
		if len(got.Steps) != 90 || got.TenantID != "" || !slices.ContainsFunc(got.Parts, isForge) {
			t.Errorf("traffic of the account: %+v", got)
		}
		w.get(ada, account+"?tenant_id=forge&client_id="+w.mia.clientID).want(200)

		csv := w.get(tom, tenant+"?format=csv&client_id="+w.mia.clientID).want(200).wantHeader("Content-Type", "text/csv; charset=utf-8").body
		if lines := strings.Split(csv, "\n"); len(lines) != 26 || !strings.HasPrefix(lines[0], "from,issued,refused,wrong_secret") ||
			!strings.HasSuffix(lines[24], ",3,1,1,0,0,0,0,0,0") {
			t.Errorf("as CSV: %s", csv)
		}
		for accept, want := range map[string]string{
			"text/csv": "text/csv; charset=utf-8", "text/csv;q=0.9, */*": "text/csv; charset=utf-8",
			"*/*": "application/json", "": "application/json",
		} {
			r := w.request(http.MethodGet, tenant, nil)
			r.Header.Set("Authorization", "Bearer "+string(tom))
			r.Header.Set("Accept", accept)
			w.do(r).want(200).wantHeader("Content-Type", want)
		}

		w.get(tom, account).wantCode(403, "insufficient_scope")
		w.get(mia, tenant).wantCode(403, "insufficient_scope")
		w.get(tom, "/admin/v1/tenants/mill/traffic").wantCode(404, "not_found")
		w.get(ada, "/admin/v1/accounts/globex/traffic").wantCode(404, "not_found")
		w.get(ada, account+"?tenant_id=nowhere").wantCode(404, "not_found")
		for _, bad := range []string{"range=2h", "format=xml", "client_id=a&client_id=b", "tenant_id=forge"} {
			w.get(tom, tenant+"?"+bad).wantCode(400, "invalid_request")
		}
	})
}
