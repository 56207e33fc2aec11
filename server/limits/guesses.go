package limits

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/server/web"
	"mintkey/store"
)

// TooManyError slows somebody who guesses.
type TooManyError struct {
	wait time.Duration
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("Too many failed attempts: try again in %d seconds.", e.seconds())
}

// Is says what the error is rendered as.
func (*TooManyError) Is(target error) bool { return target == web.ErrTooManyRequests }

func (e *TooManyError) seconds() int { return max(int((e.wait+time.Second-1)/time.Second), 1) }

// RetryAfter is how long the caller should wait.
func (e *TooManyError) RetryAfter() time.Duration { return e.wait }

// Failures that are allowed at once, and again within a minute.
const (
	clientFailures  = 30
	userFailures    = 10
	addressFailures = 300
)

// Guesses counts failures across replicas. For access keys only failures are counted and a right secret is never asked about, so
// that nobody can lock a stranger's key out (R23). For passwords, which can be guessed, the budget is looked at first.
type Guesses struct {
	Limits store.Limits
	Log    *slog.Logger
}

type budget struct {
	key  string
	rate store.Rate
}

func perMinute(failures int) store.Rate { return store.Rate{Burst: failures, Period: time.Minute} }

// WrongSecret counts a wrong client secret. It returns an error if there have been too many.
func (g *Guesses) WrongSecret(ctx context.Context, clientID, address string) error {
	return failure(g.spend(ctx, clientBudgets(clientID, address)))
}

// Password returns an error if there have been too many wrong passwords.
func (g *Guesses) Password(ctx context.Context, tenantID, username, address string) error {
	return failure(g.check(ctx, passwordBudgets(tenantID, username, address)))
}

// WrongPassword counts a wrong password. It returns an error if there have been too many.
func (g *Guesses) WrongPassword(ctx context.Context, tenantID, username, address string) error {
	return failure(g.spend(ctx, passwordBudgets(tenantID, username, address)))
}

func failure(tooMany *TooManyError) error {
	if tooMany == nil {
		return nil
	}
	return tooMany
}

func clientBudgets(clientID, address string) []budget {
	return []budget{{"client/" + clientID, perMinute(clientFailures)}, {"address/" + address, perMinute(addressFailures)}}
}

// A user is counted together with the address, so that a stranger elsewhere cannot lock a person out; and alone, with a wider budget, so that many
// addresses together cannot guess without end.
func passwordBudgets(tenantID, username, address string) []budget {
	user := tenantID + "/" + policy.FoldEmail(username)
	return []budget{
		{"user-address/" + user + "/" + address, perMinute(userFailures)},
		{"user/" + user, perMinute(10 * userFailures)},
		{"address/" + address, perMinute(addressFailures)},
	}
}

// check returns a TooManyError if one of the budgets is used up, without spending; else nil.
func (g *Guesses) check(ctx context.Context, budgets []budget) *TooManyError {
	return g.each(ctx, budgets, g.Limits.Wait)
}

// spend counts a failure, and returns a TooManyError if there have been too many; else nil.
func (g *Guesses) spend(ctx context.Context, budgets []budget) *TooManyError {
	return g.each(ctx, budgets, g.Limits.Spend)
}

// each asks every budget, so that all of them count. A limiter that fails lets through: it must not close the door that it guards.
func (g *Guesses) each(ctx context.Context, budgets []budget, ask func(context.Context, string, store.Rate) (time.Duration, error)) *TooManyError {
	var longest time.Duration
	for _, b := range budgets {
		wait, err := ask(ctx, b.key, b.rate)
		if err != nil {
			g.Log.WarnContext(ctx, "failed attempts cannot be counted", slog.Any("error", err))
			continue
		}
		longest = max(longest, wait)
	}
	if longest > 0 {
		return &TooManyError{wait: longest}
	}
	return nil
}
