package admin

import (
	"context"
	"math"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// FirstSteps says how far a new account has come on the way to its first token.
type FirstSteps struct {
	TenantID string // of the tenant that the next steps are about; empty if there is none
	Member   bool   // that tenant has one
	Key      bool   // the account has an access key whose secret somebody has seen
	Token    bool   // one was issued
}

// newAccount is for how long an account that has keys, and fetches no tokens, counts as new.
const newAccount = 30 * policy.Day

// firstKeys is how many keys are asked for uses that are not saved yet.
const firstKeys = 20

// FirstSteps reads no more than a few records, however large the account is.
func (s *Service) FirstSteps(ctx context.Context, actor Actor, in TenantContext) (FirstSteps, error) {
	steps := FirstSteps{TenantID: in.Tenant.ID}
	keys, err := s.Store.KeysByIssue(ctx, in.Account.ID, store.DatedKey{}, time.Unix(0, math.MaxInt64), firstKeys)
	if err != nil {
		return steps, err
	}
	if steps.Key = len(keys) > 0; steps.Key {
		steps.Member = true
		if steps.Token = actor.At.Sub(in.Account.CreatedAt) > newAccount; steps.Token {
			return steps, nil
		}
		steps.Token, err = s.anyToken(ctx, actor, in, keys)
		return steps, err
	}
	if steps.TenantID == "" {
		tenants, err := s.Store.Tenants(ctx, in.Account.ID, store.Page{Limit: 1})
		if err != nil || len(tenants) == 0 {
			return steps, err
		}
		steps.TenantID = tenants[0].ID
	}
	members, err := s.Store.Memberships(ctx, steps.TenantID, store.Page{Limit: 1})
	steps.Member = len(members) > 0
	return steps, err
}

func (s *Service) anyToken(ctx context.Context, actor Actor, in TenantContext, keys []store.DatedKey) (bool, error) {
	for _, key := range keys {
		if len(s.recentAccess(key.TenantID, []string{key.ClientID})) > 0 {
			return true, nil
		}
	}
	counts, err := s.Store.Traffic(ctx, store.TrafficSource{AccountID: in.Account.ID}, TrafficMonth.span(actor.At))
	for _, some := range counts {
		if some.Issued() > 0 {
			return true, err
		}
	}
	return false, err
}
