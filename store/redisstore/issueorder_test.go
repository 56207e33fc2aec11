package redisstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redistest"
)

// More tenants than are asked in one round trip, with keys of all times in each.
func TestKeysByIssueOfManyTenants(t *testing.T) {
	s := opened(t, redistest.Start(t).URL())
	seed(t, s)
	const tenants = 250
	var want []store.DatedKey
	for i := range tenants {
		id := fmt.Sprintf("tenant-%03d", i)
		issuedAt := epoch.Add(-time.Duration(i*37%tenants/2) * time.Nanosecond)
		err := errors.Join(
			s.CreateTenant(t.Context(), tenant(t, id)),
			s.UpdateMembership(t.Context(), id, "ada", func(m policy.Membership) (policy.Membership, []policy.Event, error) {
				m.Role, m.Keys = policy.RoleMember, []policy.AccessKey{{ClientID: "mk_" + id, CreatedAt: issuedAt}}
				return m, nil, nil
			}),
		)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, store.DatedKey{At: issuedAt, TenantID: id, UserID: "ada", ClientID: "mk_" + id})
	}
	slices.SortStableFunc(want, func(a, b store.DatedKey) int { return a.At.Compare(b.At) }) // tenants are in order already
	for _, limit := range []int{1, 7, 120, tenants} {
		var got []store.DatedKey
		for len(got) < tenants {
			var after store.DatedKey
			if len(got) > 0 {
				after = got[len(got)-1]
			}
			page, err := s.KeysByIssue(t.Context(), "acme", after, epoch, limit)
			if err != nil || len(page) == 0 {
				t.Fatalf("page after %v: %v, %v", after, page, err)
			}
			got = append(got, page...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d the keys are %v, want %v", limit, got, want)
		}
	}
}
