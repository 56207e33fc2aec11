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

	"mintkey/policy"
	"mintkey/store"
)

// Office carries out the operations. Its fields are set once; its methods may be called from many goroutines.
type Office struct {
	Store          store.Store
	Catalogue      policy.Catalogue
	ClientIDPrefix string // of the client IDs it makes; may be empty
	ClientIDSuffix string // may be empty
	// NextStatusIndex gives each new client secret its place in the status lists.
	NextStatusIndex func(context.Context) (uint64, error)
	// Revoked is called with each saved event that revokes tokens: its payload names them.
	Revoked func(ctx context.Context, event policy.Event)
	// RecentAccess adds to what the store knows of last access what is not saved yet. May be nil.
	RecentAccess func(tenantID string, saved map[string]time.Time, clientIDs []string) map[string]time.Time
	Log          *slog.Logger

	rosters     mirrors[*listedMember] // by tenant
	directories mirrors[listedUser]    // by account
	accesses    accessCopies
}

// Actor is who asks for an operation: a program with a token, or a person who has signed in.
type Actor struct {
	policy.Subject          // as it is at the instant At
	Scopes         []string // what a program's token still allows; for a person, all that the roles allow
	ClientID       string   // the access key behind the token; empty for a person
	Via            string   // api, console or command
	Address        string   // the client's IP address
	RequestID      string
	At             time.Time // the instant at which everything is judged
}

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

// Place is an account, and the tenant in it if one is meant, that an actor may see. Make one with Office.Enter.
type Place struct {
	Account policy.Account
	Tenant  policy.Tenant
}

// Enter returns the place that the IDs name; the actor's own where they are empty. It is store.ErrNotFound when the place does not exist,
// and when the actor may not see it: an operator sees every account, an account admin every tenant of the own account, everybody
// else the tenant that the token or session is for (R1).
func (o *Office) Enter(ctx context.Context, actor Actor, accountID, tenantID string) (Place, error) {
	place := Place{actor.Account, actor.Tenant}
	authority := actor.Authority()
	var err error
	if accountID != "" && accountID != place.Account.ID {
		if authority < policy.AuthorityOperator {
			return Place{}, store.ErrNotFound
		}
		if place.Account, err = o.Store.Account(ctx, accountID); err != nil {
			return Place{}, err
		}
	}
	if tenantID == "" || tenantID == place.Tenant.ID {
		return place, nil
	}
	if authority < policy.AuthorityAccountAdmin {
		return Place{}, store.ErrNotFound
	}
	if place.Tenant, err = o.Store.Tenant(ctx, tenantID); err != nil {
		return Place{}, err
	}
	if place.Tenant.AccountID == place.Account.ID {
		return place, nil
	}
	if authority < policy.AuthorityOperator {
		return Place{}, store.ErrNotFound
	}
	place.Account, err = o.Store.Account(ctx, place.Tenant.AccountID)
	return place, err
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
