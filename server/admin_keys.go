package server

import (
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/web"
)

// keyView is an access key as callers see it. Its secret is not here: nothing has it.
type keyView struct {
	ClientID       string        `json:"client_id"`
	TenantID       string        `json:"tenant_id"`
	UserID         string        `json:"user_id"`
	UserName       string        `json:"user_name"`
	Email          string        `json:"email"`
	Label          string        `json:"label"`
	Scopes         []string      `json:"scopes"`
	Status         policy.Status `json:"status"`
	CreatedAt      time.Time     `json:"created_at"`
	SecretIssuedAt time.Time     `json:"secret_issued_at"`
	LastAccessAt   *time.Time    `json:"last_access_at"`
	ExpiresAt      *time.Time    `json:"expires_at"`
	Marks          []policy.Mark `json:"marks"`
}

// secretView is the one response that shows a client secret (R3).
type secretView struct {
	keyView
	ClientSecret         string     `json:"client_secret"`
	PreviousSecretEndsAt *time.Time `json:"previous_secret_ends_at,omitempty"`
}

// pickUpView is an access key whose secret its owner will have made (R26).
type pickUpView struct {
	keyView
	URL       string    `json:"pick_up_url"`
	ExpiresAt time.Time `json:"pick_up_expires_at"`
}

func viewKey(k admin.Key, p policy.ExpirationPolicy, now time.Time) keyView {
	return keyView{
		ClientID: k.ClientID, TenantID: k.Membership.TenantID, UserID: k.User.ID, UserName: k.User.Name, Email: k.User.Email,
		Label: k.Label, Scopes: append([]string{}, k.Scopes...), Status: k.Status(p, now),
		CreatedAt: k.CreatedAt.UTC(), SecretIssuedAt: k.SecretIssuedAt().UTC(),
		LastAccessAt: orNull(k.LastAccess), ExpiresAt: orNull(k.Expiry(p)), Marks: k.Marks(k.LastAccess, p, now),
	}
}

func (c *call) viewKey(k admin.Key) keyView { return viewKey(k, c.place.Account.Expiration, c.at()) }

func (c *call) viewSecret(k admin.Key, secret policy.ClientSecret) secretView {
	view := secretView{keyView: c.viewKey(k), ClientSecret: secret.Reveal()}
	if len(k.Secrets) > 1 {
		view.PreviousSecretEndsAt = orNull(k.Secrets[1].EndsAt)
	}
	return view
}

func (c *call) viewKeys(keys []admin.Key, next string) list[keyView] {
	answer := list[keyView]{Items: []keyView{}, Next: next}
	for _, key := range keys {
		answer.Items = append(answer.Items, c.viewKey(key))
	}
	return answer
}

func (s *Server) listKeys(c *call) (reply, error) {
	q, err := c.query("user_id", "status", "q")
	if err != nil {
		return reply{}, err
	}
	filter := admin.KeyFilter{UserID: q.Get("user_id"), Status: policy.Status(q.Get("status")), Text: q.Get("q")}
	if filter.Status != "" && filter.Status != policy.StatusActive && filter.Status != policy.StatusExpired {
		return reply{}, web.Refuse(web.ErrInvalidRequest, "status must be active or expired.")
	}
	keys, next, err := s.office.Keys(c.Context(), c.actor, c.place, filter, admin.KeyPage{After: q.after, Limit: q.limit})
	return ok(c.viewKeys(keys, next)), err
}

func (s *Server) getKey(c *call) (reply, error) {
	key, err := s.office.Key(c.Context(), c.actor, c.place, c.PathValue("client_id"))
	return ok(c.viewKey(key)), err
}

func (s *Server) createKey(c *call) (reply, error) {
	var body struct {
		UserID string    `json:"user_id"`
		Email  string    `json:"email"`
		Label  string    `json:"label"`
		Scopes *[]string `json:"scopes"`
		PickUp bool      `json:"pick_up"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if (body.UserID == "") == (body.Email == "") {
		return reply{}, web.Refuse(web.ErrInvalidRequest, "Name the owner by user_id or by email.")
	}
	wish := admin.NewKey{UserID: body.UserID, Email: body.Email, Label: body.Label}
	if body.Scopes != nil {
		if wish.Scopes = *body.Scopes; len(wish.Scopes) == 0 {
			return reply{}, web.Refuse(policy.ErrInvalidScope, "An access key needs at least one scope.")
		}
	}
	if body.PickUp {
		key, link, err := s.office.CreateKeyForPickUp(c.Context(), c.actor, c.place, wish)
		view := pickUpView{c.viewKey(key), s.pickUpURL(link), link.Expires}
		return created(view, "/admin/v1/tenants/%s/keys/%s", c.place.Tenant.ID, key.ClientID), err
	}
	key, secret, err := s.office.CreateKey(c.Context(), c.actor, c.place, wish)
	return created(c.viewSecret(key, secret), "/admin/v1/tenants/%s/keys/%s", c.place.Tenant.ID, key.ClientID), err
}

func (s *Server) revokeKey(c *call) (reply, error) {
	return noContent(), s.office.RevokeKey(c.Context(), c.actor, c.place, c.PathValue("client_id"))
}

func (s *Server) refreshKey(c *call) (reply, error) {
	how, err := c.refreshRequest()
	if err != nil {
		return reply{}, err
	}
	key, secret, err := s.office.RefreshKey(c.Context(), c.actor, c.place, c.PathValue("client_id"), how)
	return ok(c.viewSecret(key, secret)), err
}

func (c *call) refreshRequest() (admin.RefreshRequest, error) {
	var body struct {
		OverlapSeconds int64 `json:"overlap_seconds"`
		RevokeTokens   bool  `json:"revoke_tokens"`
	}
	if err := c.decodeOptional(&body); err != nil {
		return admin.RefreshRequest{}, err
	}
	if body.OverlapSeconds < 0 || body.OverlapSeconds > int64(policy.MaxOverlap/time.Second) {
		return admin.RefreshRequest{}, policy.ErrInvalidOverlap
	}
	if body.RevokeTokens && body.OverlapSeconds > 0 {
		return admin.RefreshRequest{}, web.Refuse(policy.ErrInvalidOverlap, "With revoke_tokens the old secret dies at once: leave overlap_seconds out.")
	}
	return admin.RefreshRequest{Overlap: time.Duration(body.OverlapSeconds) * time.Second, RevokeTokens: body.RevokeTokens}, nil
}
