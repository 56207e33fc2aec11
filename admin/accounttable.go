package admin

import (
	"context"

	"mintkey/policy"
	"mintkey/store"
)

// AccountCounts is an account with how much it has.
type AccountCounts struct {
	policy.Account

	Tenants, Suspended, Users, Keys int
}

// AccountTable is one page of the accounts that match.
type AccountTable struct {
	Accounts []AccountCounts
	Matching int
}

// FindAccounts lists accounts whose name or ID has each word of the text, by ID: every account for an operator, and their own
// for everybody else. The counts are those of the page: see keyCounts for how old they may be.
func (s *Service) FindAccounts(ctx context.Context, actor Actor, text string, offset, limit int) (table AccountTable, err error) {
	search := policy.NewSearch(text)
	visit := func(account policy.Account) error {
		if !search.In(policy.FoldText(account.Name), account.ID) {
			return nil
		}
		if table.Matching++; table.Matching > offset && len(table.Accounts) < limit {
			table.Accounts = append(table.Accounts, AccountCounts{Account: account})
		}
		return nil
	}
	if actor.Authority() >= policy.AuthorityOperator {
		err = store.EachAccount(ctx, s.Store, "", visit)
	} else {
		err = visit(actor.Account)
	}
	for i := range table.Accounts {
		if err == nil {
			err = s.fillCounts(ctx, actor, &table.Accounts[i])
		}
	}
	return table, err
}

func (s *Service) fillCounts(ctx context.Context, actor Actor, account *AccountCounts) error {
	for page := (store.Page{Limit: walkSize}); ; {
		tenants, err := s.Store.Tenants(ctx, account.ID, page)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if account.Tenants++; t.IsSuspended() {
				account.Suspended++
			}
			page.After = t.ID
		}
		if len(tenants) < page.Limit {
			break
		}
	}
	users, err := s.userIndex(ctx, TenantContext{Account: account.Account})
	if err != nil {
		return err
	}
	keys, err := s.keyCount(ctx, account.ID, actor.At)
	account.Users, account.Keys = len(users), keys.total
	return err
}
