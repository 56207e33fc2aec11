package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"mintkey/policy"
)

// The failures that every store reports, for errors.Is.
var (
	// ErrNotFound means that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrExists refuses to create a record whose ID is taken.
	ErrExists = errors.New("the ID is taken")
	// ErrEmailTaken refuses a user whose e-mail address another user of the account has.
	ErrEmailTaken = errors.New("another user of the account has this e-mail address")
	// ErrConflict means that other writers kept changing the record.
	ErrConflict = errors.New("the record is being changed by others; try again")
	// ErrUnavailable means that the store cannot be reached, or cannot confirm a write.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrTakesNoChanges means that the store answers, but takes no changes now: this one was not made. It is an ErrUnavailable too.
	ErrTakesNoChanges = fmt.Errorf("%w for changes", ErrUnavailable)
	// ErrPrimaryInDoubt means that the store answers, but that another may have taken its place meanwhile, and others may revoke access keys
	// there. It is an ErrUnavailable too.
	ErrPrimaryInDoubt = fmt.Errorf("%w: another primary may have taken its place", ErrUnavailable)
	// ErrSchemaTooNew refuses to open a store that a later version of the program has written.
	ErrSchemaTooNew = errors.New("the store was written by a later version of mintkey")
	// ErrSchemaTooOld refuses to use a store that has to be upgraded first.
	ErrSchemaTooOld = errors.New("the store was written by an earlier version of mintkey")
	// ErrDamaged is returned for a file that is damaged or incomplete.
	ErrDamaged = errors.New("the file is damaged or incomplete")
	// ErrInUse refuses to open a store file that another process holds open.
	ErrInUse = errors.New("the store is in use by another process, perhaps a running server")
)

// Page asks for part of a list. Lists are ordered by ID, byte by byte.
type Page struct {
	After string // the ID to begin after; empty for the start
	Limit int    // at most this many; must be positive
}

// Accounts keeps accounts with their expiration policies.
type Accounts interface {
	// CreateAccount saves a new account. ErrExists if the ID is taken.
	CreateAccount(ctx context.Context, account policy.Account, events ...policy.Event) error
	// Account returns one account, or ErrNotFound.
	Account(ctx context.Context, id string) (policy.Account, error)
	// Accounts lists accounts by ID.
	Accounts(ctx context.Context, page Page) ([]policy.Account, error)
	// UpdateAccount changes an account by compare-and-swap. ErrNotFound if it does not exist.
	UpdateAccount(ctx context.Context, id string, change func(policy.Account) (policy.Account, []policy.Event, error)) error
}

// Tenants keeps tenants.
type Tenants interface {
	// CreateTenant saves a new tenant. ErrExists if the ID is taken, in whichever account.
	CreateTenant(ctx context.Context, tenant policy.Tenant, events ...policy.Event) error
	// Tenant returns one tenant, or ErrNotFound.
	Tenant(ctx context.Context, id string) (policy.Tenant, error)
	// Tenants lists the tenants of an account by ID.
	Tenants(ctx context.Context, accountID string, page Page) ([]policy.Tenant, error)
	// UpdateTenant changes a tenant by compare-and-swap; its account stays as it is. ErrNotFound if it does not exist.
	UpdateTenant(ctx context.Context, id string, change func(policy.Tenant) (policy.Tenant, []policy.Event, error)) error
}

// Users keeps the users of accounts. Their IDs are unique in the store, the e-mail addresses of persons, folded by
// policy.FoldEmail, in the account. Those of robots are contacts: they are nobody's, lead to nobody and may be those of others (R34).
type Users interface {
	// CreateUser saves a new user. ErrExists if the ID is taken in whichever account, and as ErrIDUsed if a deleted user had it;
	// ErrEmailTaken if the address is.
	CreateUser(ctx context.Context, user policy.User, events ...policy.Event) error
	// User returns one user of the account, or ErrNotFound.
	User(ctx context.Context, accountID, id string) (policy.User, error)
	// UserByEmail returns the person of the account who has the address, or ErrNotFound.
	UserByEmail(ctx context.Context, accountID, email string) (policy.User, error)
	// UsersByEmail returns the persons of all accounts who have the address, by account ID.
	UsersByEmail(ctx context.Context, email string) ([]policy.User, error)
	// UsersByID returns those of the users that exist, by ID.
	UsersByID(ctx context.Context, accountID string, ids []string) (map[string]policy.User, error)
	// Users lists the users of an account by ID.
	Users(ctx context.Context, accountID string, page Page) ([]policy.User, error)
	// UpdateUser changes a user by compare-and-swap. ErrNotFound if there is none, ErrEmailTaken if the new address is taken.
	UpdateUser(ctx context.Context, accountID, id string, change func(policy.User) (policy.User, []policy.Event, error)) error
	// DeleteUser removes a user, whose ID stays taken and whose address is free again. ErrNotFound if there is none. From then on no
	// membership of the user can be made or kept; the caller removes those that there were, before it and once more after it.
	DeleteUser(ctx context.Context, accountID, id string, events ...policy.Event) error
}

// Memberships keeps users in tenants, with their access keys. A membership belongs to the user whose generation it has. Deleting a user
// can leave memberships behind for a moment, or for longer after a crash: they are listed and can be removed, belong to nobody
// (policy.Membership.BelongsTo), and no Subject has them.
type Memberships interface {
	// Membership returns one membership, or ErrNotFound.
	Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error)
	// MembershipsByID returns those of the users' memberships of the tenant that exist, by user ID.
	MembershipsByID(ctx context.Context, tenantID string, userIDs []string) (map[string]policy.Membership, error)
	// MembershipsOf returns those of the memberships that exist, of whatever tenants.
	MembershipsOf(ctx context.Context, refs []MemberRef) (map[MemberRef]policy.Membership, error)
	// Memberships lists the memberships of a tenant by user ID.
	Memberships(ctx context.Context, tenantID string, page Page) ([]policy.Membership, error)
	// TenantsOf lists the IDs of the tenants that the user is a member of, in order.
	TenantsOf(ctx context.Context, accountID, userID string) ([]string, error)
	// UpdateMembership changes a membership by compare-and-swap. A membership that does not exist is passed with its IDs, the
	// generation of the user and an empty Role; one returned with an empty Role is removed. ErrNotFound if the tenant does not exist,
	// or if the membership returned belongs to no user who exists. Client IDs that the
	// change adds can be looked up, and those that it drops cannot, from the moment that it returns.
	UpdateMembership(ctx context.Context, tenantID, userID string, change MembershipChange) error
	// MoveKey passes an access key from one member of the tenant to another, by one compare-and-swap of both memberships: at no time has
	// the key no owner, or two. It keeps its last access. The memberships are passed as UpdateMembership passes them; both must
	// exist after the change, which adds and drops no other key. ErrNotFound if the tenant does not exist, or a membership returned
	// belongs to no user who exists.
	MoveKey(ctx context.Context, tenantID, clientID, fromID, toID string, change KeyMove) error
}

// MemberRef names a membership.
type MemberRef struct{ TenantID, UserID string }

// Compare orders by tenant, then by user.
func (r MemberRef) Compare(other MemberRef) int {
	return cmp.Or(cmp.Compare(r.TenantID, other.TenantID), cmp.Compare(r.UserID, other.UserID))
}

// KeyMove is a pure function from the memberships of an access key's owner and of somebody else to what they are once the key is the
// other's, with the events that record it.
type KeyMove func(from, to policy.Membership) (fromAfter, toAfter policy.Membership, events []policy.Event, err error)

// MembershipChange is a pure function from one state of a membership to the next, with the events that record it.
type MembershipChange func(policy.Membership) (policy.Membership, []policy.Event, error)

// Subjects reads all the records that a decision about a token needs, in as few round trips as the store can.
type Subjects interface {
	// SubjectByClientID returns the owner of an access key, or ErrNotFound.
	SubjectByClientID(ctx context.Context, clientID string) (policy.Subject, error)
	// Subject returns a user in a tenant, or ErrNotFound when the tenant, the user or the membership does not exist.
	Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error)
}

// Documents keeps a few small documents that all replicas share, such as the set of signing keys.
type Documents interface {
	// Document returns the document, or ErrNotFound.
	Document(ctx context.Context, name string) ([]byte, error)
	// UpdateDocument changes a document by compare-and-swap. One that does not exist is passed as nil, and returning nil deletes it.
	UpdateDocument(ctx context.Context, name string, change func([]byte) ([]byte, error)) error
}

// Store is the whole contract.
type Store interface {
	Accounts
	Tenants
	Users
	Memberships
	Subjects
	AccessTimes
	AuditTrail
	Documents
	Outbox
	KeyOrders
	Digests
	Feeds
	Revocations
	Ephemera
	Limits
	Replication
	Traffic
	Inventory
	UsedIDs
	Schema
	// Ping returns nil when the store can be read.
	Ping(ctx context.Context) error
	// Warnings says in plain words what about this store puts acknowledged writes at risk, such as a Redis without persistence.
	Warnings(ctx context.Context) ([]string, error)
	// Close releases the store. No other method may be called after it.
	Close() error
}
