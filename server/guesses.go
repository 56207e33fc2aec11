package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// tooManyError slows somebody who guesses.
type tooManyError struct {
	wait    time.Duration
	because error // what the last guess was refused for
}

func (e *tooManyError) Error() string {
	return fmt.Sprintf("Too many failed attempts: try again in %d seconds.", e.seconds())
}
func (*tooManyError) Is(target error) bool { return target == web.ErrTooManyRequests }

func (e *tooManyError) seconds() int { return max(int((e.wait+time.Second-1)/time.Second), 1) }

// RetryAfter is how long the caller should wait.
func (e *tooManyError) RetryAfter() time.Duration { return e.wait }

// Failures that are allowed at once, and again within a minute.
const (
	clientFailures  = 30
	userFailures    = 10
	addressFailures = 300
)

// guesses counts failures across replicas. For access keys only failures are counted and a right secret is never asked about, so
// that nobody can lock a stranger's key out (R23). For passwords, which can be guessed, the budget is looked at first.
type guesses struct {
	limits store.Limits
	log    *slog.Logger
}

type budget struct {
	key  string
	rate store.Rate
}

func perMinute(failures int) store.Rate { return store.Rate{Burst: failures, Period: time.Minute} }

func (*guesses) clientBudgets(clientID, address string) []budget {
	return []budget{{"client/" + clientID, perMinute(clientFailures)}, {"address/" + address, perMinute(addressFailures)}}
}

// A user is counted together with the address, so that a stranger elsewhere cannot lock a person out; and alone, with a wider budget, so that many
// addresses together cannot guess without end.
func (*guesses) passwordBudgets(tenantID, username, address string) []budget {
	user := tenantID + "/" + policy.FoldEmail(username)
	return []budget{
		{"user-address/" + user + "/" + address, perMinute(userFailures)},
		{"user/" + user, perMinute(10 * userFailures)},
		{"address/" + address, perMinute(addressFailures)},
	}
}

// check returns a tooManyError if one of the budgets is used up, without spending; else nil.
func (g *guesses) check(ctx context.Context, budgets []budget) *tooManyError {
	return g.each(ctx, budgets, g.limits.Wait)
}

// spend counts a failure, and returns a tooManyError if there have been too many; else nil.
func (g *guesses) spend(ctx context.Context, budgets []budget) *tooManyError {
	return g.each(ctx, budgets, g.limits.Spend)
}

// each asks every budget, so that all of them count. A limiter that fails lets through: it must not close the door that it guards.
func (g *guesses) each(ctx context.Context, budgets []budget, ask func(context.Context, string, store.Rate) (time.Duration, error)) *tooManyError {
	var longest time.Duration
	for _, b := range budgets {
		wait, err := ask(ctx, b.key, b.rate)
		if err != nil {
			g.log.WarnContext(ctx, "failed attempts cannot be counted", slog.Any("error", err))
			continue
		}
		longest = max(longest, wait)
	}
	if longest > 0 {
		return &tooManyError{wait: longest}
	}
	return nil
}
