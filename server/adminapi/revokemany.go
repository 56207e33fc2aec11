package adminapi

import (
	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

// RevokeKeys revokes the access keys that fit a filter or, with ?dry_run=true, lists them.
func (a *API) RevokeKeys(c *Call) (Reply, error) {
	q, err := c.parameters("dry_run")
	if err != nil {
		return Reply{}, err
	}
	dryRun, err := q.flag("dry_run")
	if err != nil {
		return Reply{}, err
	}
	body, err := decode[api.RevokeKeys](c)
	if err != nil {
		return Reply{}, err
	}
	for _, mark := range body.Marks {
		switch mark {
		case policy.MarkUnused, policy.MarkOld, policy.MarkStale:
		default:
			return Reply{}, web.Refuse(web.ErrInvalidRequest, "marks are unused, old and stale.")
		}
	}
	filter := admin.RevokeFilter{UserID: body.UserID, Marks: body.Marks, CreatedBefore: body.CreatedBefore}
	if filter.IsZero() {
		return Reply{}, web.Refuse(web.ErrInvalidRequest, "Give user_id, marks or created_before: without any it would be every access key.")
	}
	result, err := a.service.RevokeKeys(c.Context(), c.actor, c.in, filter, dryRun)
	answer := api.RevokedKeys{DryRun: dryRun, Keys: []api.Key{}, Refused: []api.RefusedKey{}, More: result.More}
	for _, key := range result.Keys {
		answer.Keys = append(answer.Keys, c.viewKey(key))
	}
	for _, refused := range result.Refused {
		answer.Refused = append(answer.Refused, api.RefusedKey{
			ClientID: refused.ClientID, UserID: refused.User.ID, Code: "not_grantable", Detail: policy.WithoutSecrets(refused.Err.Error()),
		})
	}
	return ok(answer), err
}
