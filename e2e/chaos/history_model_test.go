package chaos_test

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

// The keys of one user, as porcupine models them. A history is divided by user, since nothing that is checked concerns two.

// verb is what was asked for.
type verb string

const (
	created   verb = "create"
	refreshed verb = "refresh"
	revoked   verb = "revoke"
	asked     verb = "token"
	// undone is no request. A change that was not acknowledged may be seen for a while and then be lost with the machine that had it.
	undone verb = "undo"
)

// input is a request; of an undone, what it undoes.
type input struct {
	user       string
	verb       verb
	id, secret string // of a token request the secret that was tried, of the others the key
	of         int    // the request, so that it is undone only if it was made
}

// output is what came of it. Of one that is doubtful nobody knows whether it was made.
type output struct {
	ok         bool // acknowledged, or a token; else refused
	doubtful   bool
	id, secret string // what was made; empty if nobody was told
}

// slot is a key that was made once.
type slot struct {
	id, secret, before string
	dead               bool
	by                 int // the doubtful request that changed it last; 0 for none that can be undone
	wasMade            bool
}

type keys []slot

func keyModel() porcupine.Model {
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{keys{}} },
		Step: func(state, in, out any) []any {
			now, _ := state.(keys)
			request, _ := in.(input)
			answer, _ := out.(output)
			var next []any
			for _, after := range now.step(request, answer) {
				next = append(next, after)
			}
			return next
		},
		Equal: func(a, b any) bool {
			left, _ := a.(keys)
			right, _ := b.(keys)
			return slices.Equal(left, right)
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}).ToModel()
}

// step returns the states that can follow.
func (k keys) step(in input, out output) []keys {
	if in.verb == undone {
		return []keys{k, k.undo(in.of)}
	}
	if in.verb == revoked && slices.ContainsFunc(k, func(s slot) bool { return s.id == in.id && s.dead }) {
		// Another revoke of the key came before. It is told again until somebody has been answered 204, and is not found after that, so
		// one of two that run at once may have either answer.
		return []keys{k}
	}
	after, ok := k.apply(in, out)
	switch {
	case out.doubtful && ok:
		return []keys{k, after}
	case out.doubtful:
		return []keys{k}
	case ok == out.ok:
		return []keys{after}
	}
	return nil
}

// apply makes the change, or says that it can't be made.
func (k keys) apply(in input, out output) (keys, bool) {
	by := 0
	if out.doubtful {
		by = in.of
	}
	if in.verb == created {
		if k.living() >= 2 {
			return k, false
		}
		return append(slices.Clone(k), slot{id: out.id, secret: out.secret, by: by, wasMade: true}), true
	}
	i := slices.IndexFunc(k, func(s slot) bool { return s.id == in.id && !s.dead })
	if i < 0 {
		return k, false
	}
	if in.verb == asked {
		return k, k[i].secret == in.secret
	}
	after := slices.Clone(k)
	if in.verb == revoked {
		after[i].dead, after[i].by, after[i].wasMade = true, by, false
	} else {
		after[i].before, after[i].secret, after[i].by, after[i].wasMade = k[i].secret, out.secret, by, false
	}
	return after, true
}

func (k keys) living() int {
	count := 0
	for _, s := range k {
		if !s.dead {
			count++
		}
	}
	return count
}

// undo takes a change back that nobody acknowledged, unless something was changed on top of it.
func (k keys) undo(by int) keys {
	i := slices.IndexFunc(k, func(s slot) bool { return s.by == by })
	if i < 0 {
		return k
	}
	after := slices.Clone(k)
	switch {
	case k[i].wasMade:
		return slices.Delete(after, i, i+1)
	case k[i].dead:
		after[i].dead = false
	default:
		after[i].secret = k[i].before
	}
	after[i].by = 0
	return after
}
