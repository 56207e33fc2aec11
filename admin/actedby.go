package admin

import (
	"context"

	"mintkey/policy"
)

// actedBy says of an actor whether a search finds them.
func (s *Service) actedBy(ctx context.Context, in TenantContext, text string) (func(policy.Actor) bool, error) {
	search := policy.NewSearch(text)
	if len(search) == 0 {
		return func(policy.Actor) bool { return true }, nil
	}
	listed, err := s.userIndex(ctx, in)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, u := range listed {
		if search.In(u.foldedName, u.foldedEmail, u.id) {
			found[u.id] = true
		}
	}
	return func(a policy.Actor) bool {
		return found[a.UserID] || search.In(policy.FoldText(a.UserID), policy.FoldText(a.ClientID))
	}, nil
}
