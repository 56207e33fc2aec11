package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// founder puts the first records into a store, with nobody to ask for permission. It keeps what exists.
type founder struct {
	store          store.Store
	now            time.Time
	prefix, suffix string // of client IDs
}

// founding is what init is asked for.
type founding struct {
	account, tenant named
	release         policy.Release
	email, name     string
	password        string // may be empty
}

type named struct{ id, name string }

// founded is what there is afterwards.
type founded struct {
	accountID, tenantID, userID, clientID string
	secret                                policy.ClientSecret
}

// found makes what does not exist yet, and a new access key with every administration scope.
func (f founder) found(ctx context.Context, wanted founding) (founded, error) {
	made, err := f.ensure(ctx, wanted)
	if err != nil {
		return made, err
	}
	made.clientID, made.secret, err = f.createKey(ctx, made, policy.AdministrationScopes(), "made by mintkey init")
	return made, err
}

// ensure makes what does not exist yet, but for the key.
func (f founder) ensure(ctx context.Context, wanted founding) (made founded, err error) {
	if made.accountID, err = f.ensureAccount(ctx, wanted.account); err != nil {
		return made, err
	}
	if made.tenantID, err = f.ensureTenant(ctx, made.accountID, wanted.tenant, wanted.release); err != nil {
		return made, err
	}
	roles := []policy.Role{policy.RoleAccountAdmin, policy.RoleOperator}
	if made.userID, err = f.ensureUser(ctx, made.accountID, wanted, roles); err != nil {
		return made, err
	}
	return made, f.ensureMember(ctx, made, policy.RoleTenantAdmin)
}

func (f founder) ensureAccount(ctx context.Context, wanted named) (string, error) {
	if _, err := f.store.Account(ctx, wanted.id); !errors.Is(err, store.ErrNotFound) {
		return wanted.id, err
	}
	account := policy.Account{ID: wanted.id, Name: wanted.name, CreatedAt: f.now, Expiration: policy.DefaultExpirationPolicy(f.now)}
	event := f.event(policy.ActionAccountCreated, founded{accountID: wanted.id}, map[string]string{"name": wanted.name})
	return wanted.id, f.store.CreateAccount(ctx, account, event)
}

func (f founder) ensureTenant(ctx context.Context, accountID string, wanted named, release policy.Release) (string, error) {
	id := wanted.id
	tenant, err := f.store.Tenant(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		tenant = policy.Tenant{ID: id, AccountID: accountID, Name: wanted.name, Release: release, CreatedAt: f.now}
		details := map[string]string{"name": wanted.name, "release": release.String()}
		return id, f.store.CreateTenant(ctx, tenant, f.event(policy.ActionTenantCreated, founded{accountID: accountID, tenantID: id}, details))
	case err != nil:
		return "", err
	case tenant.AccountID != accountID:
		return "", fmt.Errorf("tenant %s exists in another account, %s: choose another --tenant", id, tenant.AccountID)
	case tenant.Release.Compare(release) != 0:
		return "", fmt.Errorf("tenant %s exists with release %s, which never changes: give --release %s, or choose another --tenant", id, tenant.Release, tenant.Release)
	}
	return id, nil
}

func (f founder) ensureUser(ctx context.Context, accountID string, wanted founding, roles []policy.Role) (string, error) {
	user, err := f.store.UserByEmail(ctx, accountID, wanted.email)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return f.createUser(ctx, accountID, wanted, roles)
	case err != nil:
		return "", err
	case user.Disabled:
		return "", fmt.Errorf("user %s exists and is disabled: choose another --email", wanted.email)
	}
	for _, role := range roles {
		if !slices.Contains(user.Roles, role) {
			return "", fmt.Errorf("user %s exists without the role %s, which the key would need: choose another --email", wanted.email, role)
		}
	}
	return user.ID, nil
}

func (f founder) createUser(ctx context.Context, accountID string, wanted founding, roles []policy.Role) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make a user ID: %w", err)
	}
	user := policy.User{
		ID: id.String(), AccountID: accountID, Kind: policy.KindPerson, Name: wanted.name, Email: wanted.email, Roles: roles, CreatedAt: f.now,
		Generation: rand.Text(),
	}
	if wanted.password != "" {
		if user.PasswordHash, err = passwords.Hash(wanted.password); err != nil {
			return "", err
		}
	}
	details := map[string]string{"email": user.Email}
	if len(roles) > 0 {
		details["roles"] = joinRoles(roles)
	}
	return user.ID, f.store.CreateUser(ctx, user, f.event(policy.ActionUserCreated, founded{accountID: accountID, userID: user.ID}, details))
}

func (f founder) ensureMember(ctx context.Context, at founded, role policy.Role) error {
	user, err := f.store.User(ctx, at.accountID, at.userID)
	if err != nil {
		return err
	}
	return f.store.UpdateMembership(ctx, at.tenantID, at.userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		if m.Exists() {
			return m, nil, nil
		}
		m, err := m.WithRole(role, f.now)
		m.UserGeneration = user.Generation
		return m, []policy.Event{f.event(policy.ActionMemberAdded, at, map[string]string{"role": string(role)})}, err
	})
}

func (f founder) createKey(ctx context.Context, at founded, scopes []string, label string) (string, policy.ClientSecret, error) {
	owner, err := f.store.Subject(ctx, at.tenantID, at.userID)
	if err != nil {
		return "", policy.ClientSecret{}, err
	}
	var forID [16]byte
	var forSecret [32]byte
	_, _ = rand.Read(forID[:]) // never fails
	_, _ = rand.Read(forSecret[:])
	at.clientID, at.secret = policy.NewClientID(forID, f.prefix, f.suffix), policy.NewClientSecret(forSecret)
	index, err := tokens.NewStatusIndexes(f.store).Next(ctx)
	if err != nil {
		return "", policy.ClientSecret{}, err
	}
	key := policy.AccessKey{
		ClientID: at.clientID, Label: label, Scopes: scopes, CreatedAt: f.now, Ceiling: owner.Authority().Role(),
		Secrets: []policy.Secret{{Digest: at.secret.Digest(), IssuedAt: f.now, StatusIndex: index}},
	}
	event := f.event(policy.ActionKeyCreated, at, map[string]string{"scopes": strings.Join(scopes, " "), "label": label})
	err = f.store.UpdateMembership(ctx, at.tenantID, at.userID, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m, err := m.WithKey(key, owner.Account.Expiration, f.now)
		return m, []policy.Event{event}, err
	})
	return at.clientID, at.secret, err
}

func (f founder) event(action policy.Action, about founded, details map[string]string) policy.Event {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.Event{
		ID: policy.NewEventID(f.now, random), At: f.now, Action: action, Actor: policy.Actor{Via: "command"},
		AccountID: about.accountID, TenantID: about.tenantID, UserID: about.userID, ClientID: about.clientID, Details: details,
	}
}

func joinRoles(roles []policy.Role) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}

// nameFrom takes a text for the ID if it is one, else for a name and makes an ID of it: "Demo Company" becomes demo-company.
func nameFrom(text string) (named, error) {
	if policy.CheckID(text) == nil {
		return named{text, text}, nil
	}
	if err := policy.CheckName(text); err != nil {
		return named{}, err
	}
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isWord(r) })
	id := strings.Join(words, "-")
	if policy.CheckID(id) != nil {
		return named{}, fmt.Errorf("no ID can be made of %q; give one: %w", text, policy.ErrInvalidID)
	}
	return named{id, text}, nil
}
