package console_test

import (
	"fmt"
	"strings"
	"testing"

	"mintkey/policy"
)

// My account names the tenants without a key while they are few, and counts them when they are many.
func TestMyAccountInManyTenants(t *testing.T) {
	h := newHarness(t)
	h.user("acme", "tina", "Tina Turing")
	for i := range 300 {
		id := fmt.Sprintf("t%03d", i)
		h.tenant("acme", id, "Tenant "+id, "24.3")
		h.member(id, "tina", []policy.Role{policy.RoleMember, policy.RoleTenantAdmin}[i%2])
		if i == 1 {
			tina := h.as("tina").get("/console/account")
			tina.says("Tenant t000", "An admin of the tenant can create one for you.", "Tenant t001", "Create one").
				has(`href="/console/tenants/t001/keys/new"`).saysNot("other tenants")
		}
	}
	h.key("t007", "tina", "nightly build", 5)
	p := h.as("tina").get("/console/account").want(200)
	p.says("Tenant t007", "nightly build", "No access key of yours in 299 other tenants.")
	if n := strings.Count(p.body, "tenant-keys"); n != 2 {
		t.Errorf("%d sections", n)
	}
}
