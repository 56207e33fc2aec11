package policy

import "fmt"

// MaxTokensPerMinute is the highest quota of an access key or a tenant (R36). Beyond it, a quota would limit nothing that a server can do.
const MaxTokensPerMinute = 1_000_000

// ErrInvalidQuota refuses a quota that is out of range.
var ErrInvalidQuota = fmt.Errorf("tokens_per_minute must be between 1 and %d; for no quota leave it out, or take it away with null",
	MaxTokensPerMinute)

// CheckTokensPerMinute returns ErrInvalidQuota unless it is a quota; 0 is none.
func CheckTokensPerMinute(quota int) error {
	if quota < 0 || quota > MaxTokensPerMinute {
		return ErrInvalidQuota
	}
	return nil
}

// Loosens says whether a limit allows more after a change than before; 0 is none and allows everything.
func Loosens(before, after int) bool { return before != 0 && (after == 0 || after > before) }
