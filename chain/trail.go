package chain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"mintkey/store"
)

// Store is the part of a store that is needed here.
type Store interface {
	store.Accounts
	store.AuditTrail
	store.Documents
}

const (
	// prefix is such that a copy of a store, which is made in the order of the names, has the signed heads no later than the chains, and
	// where a chain ends no later than its pages: what is in the pages behind the end does not count.
	headsDocument = "audit-chain-heads"
	prefix        = "audit-chain/"

	// batchSize is how many events are read at once, and sealed together at most.
	batchSize = 500
	// pageSize is from how many records on a page takes no more batches.
	pageSize = 500
)

func trailDocument(accountID string) string { return prefix + accountID }
func pageDocument(accountID string, number int64) string {
	return fmt.Sprintf("%s%s/%010d", prefix, accountID, number)
}

// head is how far the chain of one account or tenant has come.
type head struct {
	Seal    int64  `json:"seal"`    // the number of the last seal; they count from 1
	Records int64  `json:"records"` // in all seals so far
	Head    string `json:"head"`
	Batch   int64  `json:"batch"` // that has the seal
}

// seal covers the events of an account or a tenant that arrived together.
type seal struct {
	Tenant  string   `json:"tenant,omitempty"` // empty for the events of the account itself
	Number  int64    `json:"number"`
	Head    string   `json:"head"`
	Records []string `json:"records,omitempty"` // see recordOf, in the order of arrival
	// Lost has the IDs of sealed events that were gone when the history of the store had changed.
	Lost []string `json:"lost,omitempty"`
}

// batch is what is sealed at once of an account. It is written whole, and never changes.
type batch struct {
	Number int64     `json:"number"` // they count from 1
	At     time.Time `json:"at"`
	// Epoch is the history of the store that the position belongs to.
	Epoch    string `json:"epoch"`
	Position string `json:"position"` // in the order of arrivals, behind what is sealed
	// FromStart says that the trail is being read from its start, as at first and when the history of the store has changed.
	FromStart bool   `json:"from_start,omitempty"`
	Seals     []seal `json:"seals"`
}

func (b batch) size() (n int) {
	for _, s := range b.Seals {
		n += len(s.Records) + len(s.Lost)
	}
	return n
}

// page is a document with some batches, one after another.
type page struct {
	Batches []batch `json:"batches"`
}

// anchor is where the chain begins, after older events were deleted.
type anchor struct {
	// UpTo is the ID up to which events may be gone.
	UpTo string    `json:"up_to,omitempty"`
	At   time.Time `json:"at,omitzero"` // when events were last about to be deleted
	// Heads are those before the first page, by tenant.
	Heads map[string]head `json:"heads,omitempty"`
}

// trail is the document about the chains of one account and its tenants.
type trail struct {
	Batch     int64           `json:"batch"` // the number of the last one
	Epoch     string          `json:"epoch"`
	Position  string          `json:"position"`
	FromStart bool            `json:"from_start,omitempty"`
	FirstPage int64           `json:"first_page"`
	Page      int64           `json:"page"` // of the last batch; 0 for none
	Filled    int             `json:"filled"`
	Heads     map[string]head `json:"heads,omitempty"` // by tenant
	Anchor    anchor          `json:"anchor"`
	Signed    int64           `json:"signed"` // up to which batch heads are signed
}

func readTrail(ctx context.Context, s store.Documents, accountID string) (trail, error) {
	t, err := store.ReadJSON[trail](ctx, s, trailDocument(accountID))
	if errors.Is(err, store.ErrNotFound) {
		return trail{FromStart: true, FirstPage: 1}, nil
	}
	return t, err
}

func (t trail) nextPage() int64 {
	if t.Page == 0 || t.Filled >= pageSize {
		return t.Page + 1
	}
	return t.Page
}

// with is the trail after the next batch.
func (t trail) with(b batch) trail {
	if next := t.nextPage(); next != t.Page {
		t.Page, t.Filled = next, 0
	}
	t.Batch, t.Epoch, t.Position, t.FromStart = b.Number, b.Epoch, b.Position, b.FromStart
	t.Filled += b.size()
	t.Heads = after(t.Heads, b)
	return t
}

// after returns the heads after a batch.
func after(heads map[string]head, b batch) map[string]head {
	heads = maps.Clone(heads)
	if heads == nil {
		heads = map[string]head{}
	}
	for _, s := range b.Seals {
		heads[s.Tenant] = head{s.Number, heads[s.Tenant].Records + int64(len(s.Records)), s.Head, b.Number}
	}
	return heads
}

// headOf is the head after a seal.
func (s seal) headOf(accountID string, b batch, before string) (string, error) {
	return hash(sealVersion, struct {
		Account string    `json:"account"`
		Tenant  string    `json:"tenant"`
		Number  int64     `json:"number"`
		Before  string    `json:"before"`
		Epoch   string    `json:"epoch"`
		At      time.Time `json:"at"`
		Records []string  `json:"records"`
		Lost    []string  `json:"lost"`
	}{accountID, s.Tenant, s.Number, before, b.Epoch, b.At, s.Records, s.Lost})
}

// eachBatch calls visit for the batches of the trail in order. A page that is not there is passed to gone; if that returns nil, the rest is
// read.
func eachBatch(
	ctx context.Context, s store.Documents, accountID string, t trail, gone func(number int64) error, visit func(batch) error,
) error {
	for number := max(t.FirstPage, 1); number <= t.Page; number++ {
		p, err := store.ReadJSON[page](ctx, s, pageDocument(accountID, number))
		if errors.Is(err, store.ErrNotFound) {
			err = gone(number)
		}
		if err != nil {
			return err
		}
		for _, b := range p.Batches {
			if b.Number > t.Batch { // it is being written
				return nil
			}
			if err := visit(b); err != nil {
				return err
			}
		}
	}
	return nil
}
