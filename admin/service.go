package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/store"
)

// Service carries out the operations. Its fields are set once; its methods may be called from many goroutines.
type Service struct {
	Store          store.Store
	Hasher         *passwords.Hasher // for passwords that are set; needed by nothing else
	Catalogue      policy.Catalogue
	Audiences      policy.Audiences
	ClientIDPrefix string        // of the client IDs it makes; may be empty
	ClientIDSuffix string        // may be empty
	TokenLifetime  time.Duration // with which tokens are made now
	// NextStatusIndex allocates the place of a new client secret in the status lists.
	NextStatusIndex func(context.Context) (uint64, error)
	// Revoked is called with each saved event that ends tokens: its payload says which. If it is nil or fails, the outbox alone tells
	// gateways.
	Revoked func(ctx context.Context, event policy.Event) error
	// RecentAccess returns the uses of keys that are not saved yet, by client ID. It may be nil.
	RecentAccess func(tenantID string, clientIDs []string) map[string]store.KeyAccess
	// Agreed is store.AgreedTime, for what is forgotten for good; nil if nothing is.
	Agreed func(context.Context) time.Time
	Log    *slog.Logger

	memberIndexes caches[*listedMember] // by tenant
	userIndexes   caches[listedUser]    // by account
	accesses      accessCopies
	keyCounted    countedKeys
	orderCopies   orderCopies
}

// Actor is the one that calls an operation: a program with a token, or a person who has signed in.
type Actor struct {
	policy.Subject          // as it is at the instant At
	Scopes         []string // what a program's token still allows; for a person, all that the roles allow
	ClientID       string   // the access key behind the token; empty for a person
	Via            string   // api, ViaConsole or command
	Address        string   // the client's IP address
	RequestID      string
	At             time.Time // the instant at which everything is judged
}

// ViaConsole is the Via of a person who has signed in.
const ViaConsole = "console"

// inPerson says whether the actor is a person who has signed in, and not a program with a token.
func (a Actor) inPerson() bool { return a.Via == ViaConsole && a.ClientID == "" }

// owns says whether the actor is the subject, in person.
func (a Actor) owns(subject policy.Subject) bool { return a.inPerson() && a.User.ID == subject.User.ID }

// ErrInsufficientScope refuses an operation for want of a scope. See ScopeError, which names it.
var ErrInsufficientScope = errors.New("insufficient scope")

// ScopeError is ErrInsufficientScope with the scope that is missing.
type ScopeError struct {
	AnyOf string // the scopes of which one is needed, separated by spaces
}

// Error names the scopes.
func (e *ScopeError) Error() string {
	return "This needs a token with the scope " + strings.ReplaceAll(e.AnyOf, " ", " or ") + ", and an owner whose role allows it."
}

// Is makes errors.Is(err, ErrInsufficientScope) true.
func (*ScopeError) Is(target error) bool { return target == ErrInsufficientScope }

// Require returns nil if the actor has one of the scopes in the space-separated list, else a ScopeError.
func (a Actor) Require(anyOf string) error {
	if slices.ContainsFunc(strings.Fields(anyOf), func(scope string) bool { return slices.Contains(a.Scopes, scope) }) {
		return nil
	}
	return &ScopeError{anyOf}
}

// TenantContext is what an operation works in: an account that the actor may see and, where one is meant, a tenant of it. Make one with
// Service.Resolve.
type TenantContext struct {
	Account policy.Account
	Tenant  policy.Tenant
}

// Resolve returns the context that the IDs name; an empty ID means the actor's own. It returns store.ErrNotFound for what does not exist
// and for what the actor may not see: an operator sees every account, an account admin every tenant of their account, everybody else the
// tenant that the token or session is for (R1).
func (s *Service) Resolve(ctx context.Context, actor Actor, accountID, tenantID string) (TenantContext, error) {
	found := TenantContext{actor.Account, actor.Tenant}
	authority := actor.Authority()
	var err error
	if accountID != "" && accountID != found.Account.ID {
		if authority < policy.AuthorityOperator {
			return TenantContext{}, store.ErrNotFound
		}
		if found.Account, err = s.Store.Account(ctx, accountID); err != nil {
			return TenantContext{}, err
		}
	}
	if tenantID == "" || tenantID == found.Tenant.ID {
		return found, nil
	}
	if authority < policy.AuthorityAccountAdmin {
		return TenantContext{}, store.ErrNotFound
	}
	if found.Tenant, err = s.Store.Tenant(ctx, tenantID); err != nil {
		return TenantContext{}, err
	}
	if found.Tenant.AccountID == found.Account.ID {
		return found, nil
	}
	if authority < policy.AuthorityOperator {
		return TenantContext{}, store.ErrNotFound
	}
	found.Account, err = s.Store.Account(ctx, found.Tenant.AccountID)
	return found, err
}

// event records an action of the actor in an account.
func (a Actor) event(action policy.Action, accountID string) policy.Event {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	return policy.Event{
		ID: policy.NewEventID(a.At, random), At: a.At, Action: action, AccountID: accountID,
		Actor: policy.Actor{UserID: a.User.ID, ClientID: a.ClientID, Via: a.Via, Address: a.Address, RequestID: a.RequestID},
	}
}

// chooseID checks the ID that somebody chose, or makes one.
func chooseID(given string) (string, error) {
	if given != "" {
		return given, policy.CheckID(given)
	}
	id, err := uuid.NewV7()
	return id.String(), err
}
