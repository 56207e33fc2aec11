package server

import (
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

type memberView struct {
	TenantID string      `json:"tenant_id"`
	UserID   string      `json:"user_id"`
	Role     policy.Role `json:"role"`
	JoinedAt time.Time   `json:"joined_at"`
	Name     string      `json:"name"`
	Email    string      `json:"email"`
}

func viewMember(m admin.Member) memberView {
	return memberView{m.TenantID, m.UserID, m.Role, m.JoinedAt, m.User.Name, m.User.Email}
}

func (s *Server) putMember(c *call) (reply, error) {
	var body struct {
		Role policy.Role `json:"role"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	member, added, err := s.office.SetMember(c.Context(), c.actor, c.place, c.PathValue("user"), body.Role)
	if added {
		return created(viewMember(member), "/admin/v1/tenants/%s/members/%s", member.TenantID, member.UserID), err
	}
	return ok(viewMember(member)), err
}

func (s *Server) deleteMember(c *call) (reply, error) {
	return noContent(), s.office.RemoveMember(c.Context(), c.actor, c.place, c.PathValue("user"))
}

func (s *Server) listMembers(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	fetch := func(p store.Page) ([]admin.Member, error) { return s.office.Members(c.Context(), c.place, p) }
	return page(q, fetch, func(m admin.Member) string { return m.UserID }, viewMember)
}
