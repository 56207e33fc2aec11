package console

import (
	"context"
	"time"

	"mintkey/store"
)

// guard slows down guessing (R23): wrong sign-ins are counted for each address that is tried and for each address they come from.
type guard struct {
	limits  store.Limits
	email   string
	address string
}

type budget struct {
	key  string
	rate store.Rate
}

func (g guard) budgets() []budget {
	return []budget{
		{"sign-in/user/" + digest(g.email), store.Rate{Burst: 10, Period: 15 * time.Minute}},
		{"sign-in/address/" + g.address, store.Rate{Burst: 50, Period: 15 * time.Minute}},
	}
}

// wait is how long to wait before the next try; 0 if it may be made now.
func (g guard) wait(ctx context.Context) (longest time.Duration, err error) {
	for _, b := range g.budgets() {
		wait, err := g.limits.Wait(ctx, b.key, b.rate)
		if err != nil {
			return 0, err
		}
		longest = max(longest, wait)
	}
	return longest, nil
}

func (g guard) failed(ctx context.Context) error {
	for _, b := range g.budgets() {
		if _, err := g.limits.Spend(ctx, b.key, b.rate); err != nil {
			return err
		}
	}
	return nil
}
