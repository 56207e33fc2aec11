package console

import (
	"context"
	"time"

	"mintkey/store"
	"mintkey/store/ephemeral"
)

// guard slows down guessing (R23): wrong sign-ins are counted across replicas. A user is counted together with the place it is tried from,
// so that a stranger elsewhere can't lock a person out, and alone with a wider budget; a place is counted whomever it tries.
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
	user := ephemeral.Digest(g.email) // somebody may have typed a password there
	return []budget{
		{"sign-in/user-address/" + user + "/" + g.address, perQuarter(10)},
		{"sign-in/user/" + user, perQuarter(100)},
		{"sign-in/address/" + g.address, perQuarter(300)},
	}
}

func perQuarter(failures int) store.Rate {
	return store.Rate{Burst: failures, Period: 15 * time.Minute}
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
