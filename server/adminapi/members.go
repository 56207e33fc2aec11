package adminapi

import (
	"mintkey/admin"
	"mintkey/server/api"
	"mintkey/store"
)

func viewMember(m admin.Member) api.Member {
	return api.Member{TenantID: m.TenantID, UserID: m.UserID, Role: m.Role, JoinedAt: m.JoinedAt, Name: m.User.Name, Email: m.User.Email}
}

// PutMember makes a user a member of the tenant, or changes a member's role.
func (a *API) PutMember(c *Call) (Reply, error) {
	body, err := decode[api.MemberChange](c)
	if err != nil {
		return Reply{}, err
	}
	member, added, err := a.service.SetMember(c.Context(), c.actor, c.in, c.PathValue("user"), body.Role, admin.IfMatch{})
	if added {
		return created(viewMember(member), "/admin/v1/tenants/%s/members/%s", member.TenantID, member.UserID), err
	}
	return ok(viewMember(member)), err
}

// DeleteMember removes a user from the tenant and revokes the user's access keys there.
func (a *API) DeleteMember(c *Call) (Reply, error) {
	return noContent(), a.service.RemoveMember(c.Context(), c.actor, c.in, c.PathValue("user"), admin.IfMatch{})
}

// ListMembers lists the members of the tenant.
func (a *API) ListMembers(c *Call) (Reply, error) {
	q, err := c.query()
	if err != nil {
		return Reply{}, err
	}
	fetch := func(p store.Page) ([]admin.Member, error) { return a.service.Members(c.Context(), c.in, p) }
	return page(q, fetch, func(m admin.Member) string { return m.UserID }, viewMember)
}
