package server

import (
	"net/http"
	"time"

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

func viewMember(m policy.Membership, u policy.User) memberView {
	return memberView{m.TenantID, m.UserID, m.Role, m.JoinedAt, u.Name, u.Email}
}

func (s *Server) putMember(c *call) (reply, error) {
	var body struct {
		Role policy.Role `json:"role"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	user, err := s.store.User(c.Context(), c.account.ID, pathValue(c.Request, "user"))
	if err != nil {
		return reply{}, err
	}
	var before, after policy.Membership
	err = s.store.UpdateMembership(c.Context(), c.tenant.ID, user.ID, func(m policy.Membership) (_ policy.Membership, _ []policy.Event, err error) {
		before = m
		if after, err = m.WithRole(body.Role, c.about.At); err != nil || after.Role == before.Role {
			return after, nil, err
		}
		action := policy.ActionMemberRoleChanged
		if !before.Exists() {
			action = policy.ActionMemberAdded
		}
		return after, []policy.Event{c.memberEvent(action, user.ID, map[string]string{"role": string(body.Role)})}, nil
	})
	switch {
	case err != nil:
		return reply{}, err
	case before.Exists():
		return ok(viewMember(after, user)), nil
	default:
		return created(viewMember(after, user), "/admin/v1/tenants/%s/members/%s", c.tenant.ID, user.ID), nil
	}
}

func (s *Server) deleteMember(c *call) (reply, error) {
	err := s.removeMember(c, c.tenant.ID, pathValue(c.Request, "user"), "member removed")
	return reply{status: http.StatusNoContent}, err
}

// removeMember ends a membership and revokes its keys (R8).
func (s *Server) removeMember(c *call, tenantID, userID, reason string) error {
	return s.store.UpdateMembership(c.Context(), tenantID, userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if !m.Exists() {
			return m, nil, store.ErrNotFound
		}
		rest, revoked := m.Removed()
		events := append(c.revokedEvents(m, revoked, reason), c.memberEvent(policy.ActionMemberRemoved, userID, nil))
		events[len(events)-1].TenantID = tenantID
		return rest, events, nil
	})
}

func (c *call) memberEvent(action policy.Action, userID string, details map[string]string) policy.Event {
	event := c.event(action)
	event.TenantID, event.UserID, event.Details = c.tenant.ID, userID, details
	return event
}

func (s *Server) listMembers(c *call) (reply, error) {
	q, err := c.query()
	if err != nil {
		return reply{}, err
	}
	var users map[string]policy.User
	fetch := func(p store.Page) (members []policy.Membership, err error) {
		if members, err = s.store.Memberships(c.Context(), c.tenant.ID, p); err != nil {
			return nil, err
		}
		users, err = s.store.UsersByID(c.Context(), c.account.ID, userIDs(members))
		return members, err
	}
	return page(q, fetch, func(m policy.Membership) string { return m.UserID },
		func(m policy.Membership) memberView { return viewMember(m, users[m.UserID]) })
}

func userIDs(members []policy.Membership) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.UserID
	}
	return ids
}
