package verify

// Event is something worth counting. Err is nil if it went well.
type Event struct {
	Kind   EventKind
	Cached bool   // the token was known: its signature was not checked again
	URL    string // what was fetched
	Err    error
}

// EventKind says what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventVerified   EventKind = "verified"    // Verify has judged a token: Err says why it is refused
	EventKeys       EventKind = "keys"        // the signing keys were fetched
	EventStatusList EventKind = "status_list" // a status list was fetched or confirmed
	EventPush       EventKind = "push"        // the stream of revocations was opened, or with an Err, lost
	EventRevocation EventKind = "revocation"  // the stream brought a revocation
)
