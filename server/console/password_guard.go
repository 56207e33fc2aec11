package console

import (
	"context"
	"time"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// requestBudgets limit who asks for links, whether or not somebody has the address.
func requestBudgets(email, place string) []budget {
	return []budget{
		{"password-link/user-address/" + ephemeral.Digest(policy.FoldEmail(email)) + "/" + place, perQuarter(5)},
		{"password-link/address/" + place, perQuarter(30)},
	}
}

// mailboxBudget limits what one mailbox gets on behalf of an account, wherever it is asked for, so that nobody can flood a stranger's. By the
// address and not the user's ID: a user can be made anew.
func mailboxBudget(accountID, email string) []budget {
	return []budget{{"password-link/mailbox/" + accountID + "/" + ephemeral.Digest(policy.FoldEmail(email)), store.Rate{Burst: 3, Period: time.Hour}}}
}

// waitFor is how long to wait until something is left of each budget.
func (c *Console) waitFor(ctx context.Context, budgets []budget) (longest time.Duration, err error) {
	for _, b := range budgets {
		wait, err := c.Store.Wait(ctx, b.key, b.rate)
		if err != nil {
			return 0, err
		}
		longest = max(longest, wait)
	}
	return longest, nil
}

// spend takes one from each budget. When one is empty it takes nothing more, and returns how long to wait.
func (c *Console) spend(ctx context.Context, budgets []budget) (time.Duration, error) {
	if wait, err := c.waitFor(ctx, budgets); err != nil || wait > 0 {
		return wait, err
	}
	for _, b := range budgets {
		if wait, err := c.Store.Spend(ctx, b.key, b.rate); err != nil || wait > 0 {
			return wait, err
		}
	}
	return 0, nil
}
