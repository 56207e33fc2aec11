package server

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

func (s *Server) listKeys(c *call) (reply, error) {
	q, err := c.query("user_id", "status", "q")
	if err != nil {
		return reply{}, err
	}
	filter := keyFilter{q.Get("user_id"), policy.Status(q.Get("status")), q.Get("q")}
	if filter.status != "" && filter.status != policy.StatusActive && filter.status != policy.StatusExpired {
		return reply{}, refuse(errInvalidRequest, "status must be active or expired.")
	}
	return s.answerKeys(c, q, filter)
}

func (s *Server) answerKeys(c *call, q query, filter keyFilter) (reply, error) {
	var found []ownedKey
	var answer list[keyView]
	for key, err := range s.keysOf(c.Context(), c.account, c.tenant.ID, parseKeyCursor(q.after), c.about.At) {
		if err != nil {
			return reply{}, err
		}
		if !filter.matches(key, c.account.Expiration, c.about.At) {
			continue
		}
		if len(found) == q.limit {
			last := found[q.limit-1]
			answer.Next = keyCursor{last.membership.UserID, last.ClientID}.String()
			break
		}
		found = append(found, key)
	}
	var err error
	answer.Items, err = s.viewKeys(c, found)
	return ok(answer), err
}

func (s *Server) getKey(c *call) (reply, error) {
	key, subject, err := s.findKey(c.Context(), c.tenant.ID, pathValue(c.Request, "client_id"), c.about.At)
	if err != nil {
		return reply{}, err
	}
	used, err := s.lastAccess(c.Context(), c.tenant.ID, []string{key.ClientID})
	return ok(key.view(subject.Account.Expiration, used[key.ClientID], c.about.At)), err
}

func (s *Server) createKey(c *call) (reply, error) {
	var body struct {
		UserID string    `json:"user_id"`
		Email  string    `json:"email"`
		Label  string    `json:"label"`
		Scopes *[]string `json:"scopes"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	owner, err := s.chooseOwner(c, body.UserID, body.Email)
	if err != nil {
		return reply{}, err
	}
	if err := policy.CheckLabel(body.Label); err != nil {
		return reply{}, err
	}
	scopes := []string(s.catalogue)
	if body.Scopes != nil {
		scopes = uniqueScopes(*body.Scopes)
	}
	if err := s.checkScopes(c, owner, scopes); err != nil {
		return reply{}, err
	}
	secret := newClientSecret()
	key := policy.AccessKey{
		ClientID: s.newClientID(), Label: body.Label, Scopes: scopes, CreatedAt: c.about.At,
		Secrets: []policy.Secret{{Digest: secret.Digest(), IssuedAt: c.about.At}},
	}
	err = s.store.UpdateMembership(c.Context(), c.tenant.ID, owner.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithKey(key, owner.Account.Expiration, c.about.At)
		return m, []policy.Event{c.keyEvent(policy.ActionKeyCreated, m, key.ClientID, keyDetails(key))}, err
	})
	if err != nil {
		return reply{}, err
	}
	view := ownedKey{key, owner.Membership, owner.User}.view(owner.Account.Expiration, time.Time{}, c.about.At)
	return created(secretView{keyView: view, ClientSecret: secret.Reveal()}, "/admin/v1/tenants/%s/keys/%s", c.tenant.ID, key.ClientID), nil
}

// chooseOwner finds the member whom a new key is for. A user who does not exist and one who is no member look the same.
func (s *Server) chooseOwner(c *call, userID, email string) (policy.Subject, error) {
	if (userID == "") == (email == "") {
		return policy.Subject{}, refuse(errInvalidRequest, "Name the owner by user_id or by email.")
	}
	if email != "" {
		user, err := s.store.UserByEmail(c.Context(), c.account.ID, email)
		if errors.Is(err, store.ErrNotFound) {
			return policy.Subject{}, policy.ErrNotMember
		}
		if err != nil {
			return policy.Subject{}, err
		}
		userID = user.ID
	}
	owner, err := s.store.Subject(c.Context(), c.tenant.ID, userID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return policy.Subject{}, policy.ErrNotMember
	case err == nil && owner.User.Disabled:
		return policy.Subject{}, policy.ErrUserDisabled
	}
	return owner, err
}

func (s *Server) checkScopes(c *call, owner policy.Subject, scopes []string) error {
	if len(scopes) == 0 {
		return refuse(policy.ErrInvalidScope, "An access key needs at least one scope.")
	}
	if err := s.catalogue.CheckKeyScopes(scopes); err != nil {
		return err
	}
	return policy.CheckGrant(c.caller.Authority(), c.caller.scopes, owner.Authority(), scopes)
}

func (s *Server) revokeKey(c *call) (reply, error) {
	clientID := pathValue(c.Request, "client_id")
	key, _, err := s.findKey(c.Context(), c.tenant.ID, clientID, c.about.At)
	if err != nil {
		return reply{}, err
	}
	err = s.store.UpdateMembership(c.Context(), c.tenant.ID, key.membership.UserID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		event := c.keyEvent(policy.ActionKeyRevoked, m, clientID, nil)
		m, err := m.WithoutKey(clientID)
		return m, []policy.Event{event}, err
	})
	return reply{status: http.StatusNoContent}, err
}

func (s *Server) refreshKey(c *call) (reply, error) {
	key, owner, err := s.findKey(c.Context(), c.tenant.ID, pathValue(c.Request, "client_id"), c.about.At)
	if err != nil {
		return reply{}, err
	}
	// Whoever refreshes learns the secret, so this hands out as much as creating the key would.
	if err := policy.CheckGrant(c.caller.Authority(), c.caller.scopes, owner.Authority(), key.Scopes); err != nil {
		return reply{}, err
	}
	return s.refresh(c, key, owner)
}

// refresh gives a key a new secret and shows it (R6).
func (s *Server) refresh(c *call, key ownedKey, owner policy.Subject) (reply, error) {
	var body struct {
		OverlapSeconds int64 `json:"overlap_seconds"`
	}
	if err := c.decodeOptional(&body); err != nil {
		return reply{}, err
	}
	if body.OverlapSeconds < 0 || body.OverlapSeconds > int64(policy.MaxOverlap/time.Second) {
		return reply{}, policy.ErrInvalidOverlap
	}
	overlap := time.Duration(body.OverlapSeconds) * time.Second
	// Read before the write: once the old secret is dead, nothing may keep the new one from its owner.
	used, err := s.lastAccess(c.Context(), c.tenant.ID, []string{key.ClientID})
	if err != nil {
		return reply{}, err
	}
	secret := newClientSecret()
	err = s.store.UpdateMembership(c.Context(), c.tenant.ID, owner.User.ID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithRefreshedKey(key.ClientID, policy.Secret{Digest: secret.Digest()}, overlap, owner.Account.Expiration, c.about.At)
		if err != nil {
			return m, nil, err
		}
		key.AccessKey, err = m.Key(key.ClientID)
		details := map[string]string{"overlap_seconds": strconv.FormatInt(body.OverlapSeconds, 10)}
		return m, []policy.Event{c.keyEvent(policy.ActionKeyRefreshed, m, key.ClientID, details)}, err
	})
	if err != nil {
		return reply{}, err
	}
	view := key.view(owner.Account.Expiration, used[key.ClientID], c.about.At)
	answer := secretView{keyView: view, ClientSecret: secret.Reveal()}
	if len(key.Secrets) > 1 {
		answer.PreviousSecretEndsAt = orNull(key.Secrets[1].EndsAt)
	}
	return ok(answer), nil
}

func (c *call) keyEvent(action policy.Action, m policy.Membership, clientID string, details map[string]string) policy.Event {
	event := c.event(action)
	event.TenantID, event.UserID, event.ClientID, event.Details = m.TenantID, m.UserID, clientID, details
	return event
}

func newClientSecret() policy.ClientSecret {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.NewClientSecret(random)
}

func (s *Server) newClientID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.NewClientID(random, s.prefix, s.suffix)
}

// uniqueScopes drops repeated scopes and keeps the order.
func uniqueScopes(scopes []string) []string {
	var unique []string
	for _, scope := range scopes {
		if !slices.Contains(unique, scope) {
			unique = append(unique, scope)
		}
	}
	return unique
}

func keyDetails(key policy.AccessKey) map[string]string {
	details := map[string]string{"scopes": strings.Join(key.Scopes, " ")}
	if key.Label != "" {
		details["label"] = key.Label
	}
	return details
}
