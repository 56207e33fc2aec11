package store

import (
	"context"

	"mintkey/policy"
)

// accountsAtOnce is how many accounts EachAccount reads at a time.
const accountsAtOnce = 500

// EachAccount visits the accounts after the one with the ID, empty for all, in the order of their IDs. It ends with the
// first error of visit.
func EachAccount(ctx context.Context, s Accounts, after string, visit func(policy.Account) error) error {
	for page := (Page{After: after, Limit: accountsAtOnce}); ; {
		some, err := s.Accounts(ctx, page)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, account := range some {
			if err := visit(account); err != nil {
				return err
			}
			page.After = account.ID
		}
	}
}
