package chain

import "time"

// What a Finding can be.
const (
	// Changed is an event that is not as it was sealed.
	Changed = "changed"
	// Missing is an event that was sealed, and is gone before its time.
	Missing = "missing"
	// Inserted is an event that did not come through the server.
	Inserted = "inserted"
	// Broken is a chain that does not hold together, or is not the one that was signed.
	Broken = "broken"
)

// Finding is something that is not as the server has left it.
type Finding struct {
	Kind    string `json:"kind"`
	Account string `json:"account,omitempty"`
	Tenant  string `json:"tenant,omitempty"`
	Event   string `json:"event,omitempty"` // an ID
	Text    string `json:"text,omitempty"`
}

// Chain is one chain that was verified: that of an account or of a tenant.
type Chain struct {
	Account  string    `json:"account"`
	Tenant   string    `json:"tenant,omitempty"`
	Records  int64     `json:"records"` // sealed, and not deleted as old
	Seals    int64     `json:"seals"`   // so far, those of deleted events included
	Since    time.Time `json:"since,omitzero"`
	Head     string    `json:"head,omitempty"`
	Unsealed int64     `json:"unsealed"` // events that the next seal will cover
	Old      int64     `json:"old"`      // events that are about to be deleted, and are not covered any more
}

// Report is what Verify has found.
type Report struct {
	Chains   []Chain   `json:"chains"`
	Findings []Finding `json:"findings"`
	// Notes are what one should know that is no finding.
	Notes []Finding `json:"notes"`
	// Number, SignedAt and Root are those of the last document with signed heads. Keys are the thumbprints of all keys that signed.
	Number   int64     `json:"number"`
	SignedAt time.Time `json:"signed_at,omitzero"`
	Root     string    `json:"root,omitempty"`
	Keys     []string  `json:"keys"`
}

// Notes have these kinds, or Missing for events that the server itself found lost.
const (
	// Late is an event whose ID is from long before it arrived: a clock was wrong, or it was made up.
	Late = "late"
	// Elsewhere says that the history of the store has changed since the last seal.
	Elsewhere = "history"
	// Unsigned is a head that is not signed yet.
	Unsigned = "unsigned"
)
