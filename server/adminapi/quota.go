package adminapi

import (
	"mintkey/policy"
	"mintkey/server/api"
)

// quotaOf is the quota of a body as the operations take it: nil leaves it, 0 takes it away. A 0 in the body is refused, because some would
// mean none at all by it, and others no limit.
func quotaOf(given api.Nullable[int]) (*int, error) {
	switch {
	case !given.Given:
		return nil, nil //nolint:nilnil // nothing to change
	case given.Value == nil:
		return new(int), nil
	case *given.Value == 0:
		return nil, policy.ErrInvalidQuota
	default:
		return given.Value, nil
	}
}
