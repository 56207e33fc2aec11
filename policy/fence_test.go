package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mintkey/policy"
)

func TestCheckAddress(t *testing.T) {
	key := policy.AccessKey{AllowedNetworks: []string{"192.0.2.0/24", "2001:db8::/32"}}
	for address, allowed := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:db8::7": true,
		"192.0.3.1": false, "2001:db9::7": false, "@": false, "": false, "192.0.2.1:80": false,
	} {
		if err := key.CheckAddress(address); (err == nil) != allowed || err != nil && !errors.Is(err, policy.ErrForeignNetwork) {
			t.Errorf("%q: %v", address, err)
		}
		if err := (policy.AccessKey{}).CheckAddress(address); err != nil {
			t.Errorf("without networks, %q: %v", address, err)
		}
	}
}

// The membership that was there before keeps its own key: a change that the store refuses must not shine through.
func TestWithPatchedKey(t *testing.T) {
	before := indexed().Membership
	kept := before.Clone()
	after := before.Keys[0]
	after.TokenLifetimeSeconds = 60
	if _, err := before.WithPatchedKey(after, nil); err == nil {
		t.Error("tightened without a new status index")
	}
	changed, err := before.WithPatchedKey(after, []policy.IndexRenewal{{Index: 99, Since: day(3)}})
	equal(t, "error", err, nil)
	equal(t, "before", before, kept)
	equal(t, "index", changed.Keys[0].Secrets[0].StatusIndex, uint64(99))
	if _, err := before.WithPatchedKey(policy.AccessKey{ClientID: "mk_3"}, nil); !errors.Is(err, policy.ErrKeyNotFound) {
		t.Errorf("of a key that is not there: %v", err)
	}
}

// What a random patch allows is compared with what the fences say one by one: whoever finds an address, an audience, a scope or a lifetime
// that was possible before and is not any more has found a tightening, and the other way round (R33).
func TestPatchesAgainstAModel(t *testing.T) {
	networks := []string{"192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "198.51.100.0/24", "0.0.0.0/0", "2001:db8::/32"}
	addresses := []string{"192.0.2.1", "192.0.2.200", "198.51.100.1", "203.0.113.1", "2001:db8::1", "2001:db9::1"}
	names := []string{"a", "b", "c"}
	allowed := func(k policy.AccessKey) (all []string) {
		for _, address := range addresses {
			if k.CheckAddress(address) == nil {
				all = append(all, "from "+address)
			}
		}
		for _, audience := range append(names, "other") {
			if (policy.Audiences{APIs: append(names, "other")}).Open(audience, k.Audiences) {
				all = append(all, "for "+audience)
			}
		}
		for _, seconds := range []int{60, 100, 500} {
			if k.TokenLifetime(500*time.Second) >= time.Duration(seconds)*time.Second {
				all = append(all, "for seconds "+time.Duration(seconds).String())
			}
		}
		for _, n := range []int{1, 2, 3} {
			if !policy.Expired(k.ExpiresAt, day(n)) {
				all = append(all, "on day "+day(n).String())
			}
		}
		for _, scope := range k.Scopes {
			all = append(all, "scope "+scope)
		}
		return all
	}
	some := func(t *rapid.T, of []string, what string) *[]string {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID).Draw(t, what)
		return &chosen
	}
	rapid.Check(t, func(t *rapid.T) {
		patch := func() policy.KeyPatch {
			lifetime := rapid.SampledFrom([]int{0, 60, 100, 500}).Draw(t, "lifetime")
			end := rapid.SampledFrom([]time.Time{{}, day(1), day(2), day(3)}).Draw(t, "end")
			return policy.KeyPatch{
				AllowedNetworks: some(t, networks, "networks"), Audiences: some(t, names, "audiences"), TokenLifetimeSeconds: &lifetime,
				ExpiresAt: &end,
			}
		}
		before, err := policy.AccessKey{ClientID: "mk_1", Scopes: names}.Patched(patch())
		if err != nil {
			t.Fatal(err)
		}
		change := patch()
		if rapid.Bool().Draw(t, "narrow") {
			change.Scopes = some(t, names, "scopes")
		}
		after, err := before.Patched(change)
		if err != nil {
			t.Fatal(err)
		}
		was, is := allowed(before), allowed(after)
		lost := slices.ContainsFunc(was, func(s string) bool { return !slices.Contains(is, s) })
		gained := slices.ContainsFunc(is, func(s string) bool { return !slices.Contains(was, s) })
		if lost && !before.TightenedBy(after) || gained && !before.LoosenedBy(after) {
			t.Fatalf("from %v to %v: lost %v, gained %v", was, is, lost, gained)
		}
		if before.TightenedBy(before) || before.LoosenedBy(before) {
			t.Fatalf("%+v is tightened or loosened by itself", before)
		}
	})
}

// BenchmarkCheckAddress is what the networks of a key cost when it authenticates; the last one fits.
func BenchmarkCheckAddress(b *testing.B) {
	for _, n := range []int{1, 3, policy.MaxAllowedNetworks} {
		var key policy.AccessKey
		for i := range n {
			key.AllowedNetworks = append(key.AllowedNetworks, fmt.Sprintf("192.0.%d.0/24", n-i))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if err := key.CheckAddress("192.0.1.7"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
