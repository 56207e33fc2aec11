package oauth

import (
	"sync"
	"time"

	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/clients"
	"mintkey/server/revocation"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// Paths are the paths of endpoints that the metadata names.
type Paths struct {
	Token, Authorize, Introspect, Revoke, Revocations, JWKS, StatusLists string
}

// Access takes note of uses of access keys (R7); usage.Access implements it.
type Access interface {
	Note(key store.KeyRef, secretIssued, at time.Time, address string)
}

// Options is what the endpoints need. Every field is required.
type Options struct {
	Clients *clients.Clients
	Callers *callers.Callers
	Access  Access
	Log     *revocation.Log
	// Replication is that of the store of the Log.
	Replication store.Replication
	Lists       *revocation.Lists
	Ring        *tokens.KeyRing
	Issuer      string // the base URL, without a slash at the end
	Statuses    tokens.StatusListURL
	Catalogue   policy.Catalogue
	APIs        []string           // the audiences but for the issuer
	Algorithms  []tokens.Algorithm // of the audiences
	GrantTypes  []string
	Paths       Paths
	RealTime    func() time.Time // for network deadlines, without ClockOffset
}

// Endpoints are the handlers. Their methods may be called from many goroutines.
type Endpoints struct {
	Options

	documents                            listDocuments
	metadata, discovery, jwks, listNames web.Kept

	streams  streamCount
	stopping chan struct{} // closed when streams must end
	stopOnce sync.Once
}

// New returns the endpoints.
func New(o Options) *Endpoints { return &Endpoints{Options: o, stopping: make(chan struct{})} }

// Streams is how many streams of revocations are open.
func (e *Endpoints) Streams() int { return e.streams.all() }

// EndStreams ends the streams of revocations, which would otherwise run until their tokens expire.
func (e *Endpoints) EndStreams() { e.stopOnce.Do(func() { close(e.stopping) }) }
