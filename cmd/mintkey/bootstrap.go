package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"mintkey/admin"
	"mintkey/configs"
	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/tokens"
)

// bootstrap makes the first records of a store through the operations that the API uses, as an operator.
// Every step keeps what exists, so that a run that was cut short can be repeated.
type bootstrap struct {
	service *admin.Service
	now     time.Time
	kept    []string // what existed, for people
	made    int      // records

	keptUser bool // the user existed, whose password is as it was
}

// bootstrapRequest says what must exist afterwards.
type bootstrapRequest struct {
	account, tenant idAndName
	release         policy.Release
	email, name     string
	password        string // of a new user; empty for none
}

type idAndName struct{ id, name string }

// newService carries out operations on the store without a server. It makes records and revokes nothing.
func newService(s store.Store, config configs.Config, log *slog.Logger) *admin.Service {
	return &admin.Service{
		Store: s, Hasher: passwords.NewHasher(passwords.Options{}), Catalogue: policy.Catalogue(config.Scopes),
		Audiences:      audiencesOf(config),
		ClientIDPrefix: config.ClientID.Prefix, ClientIDSuffix: config.ClientID.Suffix,
		NextStatusIndex: tokens.NewStatusIndexes(s).Next, Log: log,
	}
}

// audiencesOf are the audiences of a server with the settings.
func audiencesOf(config configs.Config) policy.Audiences {
	issuer := config.IssuerAt(config.Listen)
	return policy.Audiences{Issuer: issuer, APIs: config.APIAudiences(issuer)}
}

// ensure makes the account, tenant, user and membership that do not exist yet.
func (b *bootstrap) ensure(ctx context.Context, want bootstrapRequest) (place admin.TenantContext, user policy.User, err error) {
	if place.Account, err = b.ensureAccount(ctx, want.account); err != nil {
		return place, user, err
	}
	if place.Tenant, err = b.ensureTenant(ctx, place, want.tenant, want.release); err != nil {
		return place, user, err
	}
	if user, err = b.ensureUser(ctx, place, want); err != nil {
		return place, user, err
	}
	return place, user, b.ensureMember(ctx, place, user.ID)
}

func (b *bootstrap) actor() admin.Actor { return admin.CommandActor(b.now) }

func (b *bootstrap) ensureAccount(ctx context.Context, want idAndName) (policy.Account, error) {
	account, err := b.service.Store.Account(ctx, want.id)
	if errors.Is(err, store.ErrNotFound) {
		account, err = b.service.CreateAccount(ctx, b.actor(), want.id, want.name)
		return account, b.count(err)
	}
	b.kept = append(b.kept, "account "+want.id)
	return account, err
}

func (b *bootstrap) ensureTenant(
	ctx context.Context, in admin.TenantContext, want idAndName, release policy.Release,
) (policy.Tenant, error) {
	tenant, err := b.service.Store.Tenant(ctx, want.id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		tenant, err = b.service.CreateTenant(ctx, b.actor(), in, want.id, want.name, release.String())
		return tenant, b.count(err)
	case err != nil:
		return tenant, err
	case tenant.AccountID != in.Account.ID:
		return tenant, fmt.Errorf("tenant %s exists in another account, %s: choose another --tenant", want.id, tenant.AccountID)
	case tenant.Release.Compare(release) != 0:
		return tenant, fmt.Errorf("tenant %s exists with release %s, which never changes: give --release %s, or choose another --tenant",
			want.id, tenant.Release, tenant.Release)
	}
	b.kept = append(b.kept, "tenant "+want.id)
	return tenant, nil
}

func (b *bootstrap) ensureUser(ctx context.Context, in admin.TenantContext, want bootstrapRequest) (policy.User, error) {
	roles := []policy.Role{policy.RoleAccountAdmin, policy.RoleOperator}
	user, err := b.service.Store.UserByEmail(ctx, in.Account.ID, want.email)
	switch {
	case errors.Is(err, store.ErrNotFound):
		fresh := admin.NewUser{Name: want.name, Email: want.email, Roles: roles}
		if want.password != "" {
			fresh.Password = &want.password
		}
		user, err = b.service.CreateUser(ctx, b.actor(), in, fresh)
		return user, b.count(err)
	case err != nil:
		return user, err
	case user.Disabled:
		return user, fmt.Errorf("user %s exists and is disabled: choose another --email", want.email)
	}
	for _, role := range roles {
		if !slices.Contains(user.Roles, role) {
			return user, fmt.Errorf("user %s exists without the role %s, which the key would need: choose another --email", want.email, role)
		}
	}
	b.keptUser = true
	kept := "user " + want.email
	if want.password != "" {
		kept += " (and the password as it was)"
	}
	b.kept = append(b.kept, kept)
	return user, nil
}

// ensureMember leaves the role of a member as it is.
func (b *bootstrap) ensureMember(ctx context.Context, in admin.TenantContext, userID string) error {
	_, err := b.service.Store.Membership(ctx, in.Tenant.ID, userID)
	if errors.Is(err, store.ErrNotFound) {
		_, _, err = b.service.SetMember(ctx, b.actor(), in, userID, policy.RoleTenantAdmin, admin.IfMatch{})
		return b.count(err)
	}
	return err
}

func (b *bootstrap) count(err error) error {
	if err == nil {
		b.made++
	}
	return err
}
