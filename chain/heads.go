package chain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"mintkey/store"
)

// Type is the typ of a signature over heads.
const Type = "mintkey-audit-heads+jwt"

// entriesAtOnce limits the size of a signed document.
const entriesAtOnce = 1000

// Entry is the head of the chain of an account, or of a tenant of it.
type Entry struct {
	Account string `json:"account"`
	Tenant  string `json:"tenant,omitempty"` // empty for the account itself
	Seal    int64  `json:"seal"`             // its number
	Head    string `json:"head"`

	batch int64
}

// Heads is a signed document with heads that are new since the one before. The root stands for all documents up to this one.
type Heads struct {
	Number    int64     `json:"number"` // they count from 1
	At        time.Time `json:"at"`
	Before    string    `json:"before,omitempty"` // the root of the document before
	Entries   []Entry   `json:"entries"`
	Root      string    `json:"root"`
	Signature string    `json:"signature"`  // a JWS, see Claims
	PublicKey string    `json:"public_key"` // PEM
}

// Claims are what is signed. The signature is a JWS in compact form whose typ is Type.
type Claims struct {
	IssuedAt int64  `json:"iat"` // seconds since 1970
	Number   int64  `json:"number"`
	Root     string `json:"root"`
	Heads    int    `json:"heads"` // how many heads the document has
}

// Signer signs Claims, and returns the public key in PEM form too.
type Signer func(now time.Time, claims Claims) (signature, publicKey string, err error)

// headsLog is the document about the signed documents.
type headsLog struct {
	Number int64  `json:"number"` // of the last one
	Root   string `json:"root"`
	First  int64  `json:"first"`          // that is kept
	Base   string `json:"base,omitempty"` // the root of the one before it
}

func numberedHeads(number int64) string { return fmt.Sprintf("%s/%010d", headsDocument, number) }

func (h Heads) root() (string, error) {
	return hash(headsVersion, struct {
		Number  int64     `json:"number"`
		At      time.Time `json:"at"`
		Before  string    `json:"before"`
		Entries []Entry   `json:"entries"`
	}{h.Number, h.At, h.Before, h.Entries})
}

func unsigned(accountID string, t trail) (entries []Entry) {
	for _, tenant := range slices.Sorted(maps.Keys(t.Heads)) {
		if h := t.Heads[tenant]; h.Batch > t.Signed {
			entries = append(entries, Entry{accountID, tenant, h.Seal, h.Head, h.Batch})
		}
	}
	return entries
}

// Sign signs the heads that Seal has returned as not signed yet, in as many documents as are needed, and returns those.
func Sign(ctx context.Context, s Store, now time.Time, entries []Entry, sign Signer) (signed []Heads, err error) {
	for some := range slices.Chunk(entries, entriesAtOnce) {
		h, err := appendHeads(ctx, s, Heads{At: now.UTC().Round(0), Entries: some}, sign)
		if err != nil {
			return signed, err
		}
		signed = append(signed, h)
	}
	last := map[string]int64{}
	for _, e := range entries {
		last[e.Account] = max(last[e.Account], e.batch)
	}
	for accountID, batch := range last {
		err := updateTrail(ctx, s, accountID, func(t trail) trail {
			t.Signed = max(t.Signed, batch)
			return t
		})
		if err != nil {
			return signed, err
		}
	}
	return signed, nil
}

// appendHeads appends a document behind those that other servers write meanwhile.
func appendHeads(ctx context.Context, s store.Documents, h Heads, sign Signer) (Heads, error) {
	for {
		last, err := readHeadsLog(ctx, s)
		if err != nil {
			return h, err
		}
		h.Number, h.Before = last.Number+1, last.Root
		if h.Root, err = h.root(); err != nil {
			return h, err
		}
		h.Signature, h.PublicKey, err = sign(h.At, Claims{h.At.Unix(), h.Number, h.Root, len(h.Entries)})
		if err != nil {
			return h, err
		}
		stands := h
		err = store.UpdateJSON(ctx, s, numberedHeads(h.Number), func(other Heads) (Heads, error) {
			if stands = h; other.Number != 0 {
				stands = other
				return other, errStands
			}
			return h, nil
		})
		mine := err == nil
		if err != nil && !errors.Is(err, errStands) {
			return h, err
		}
		err = store.UpdateJSON(ctx, s, headsDocument, func(l headsLog) (headsLog, error) {
			l.First = max(l.First, 1)
			if l.Number < stands.Number {
				l.Number, l.Root = stands.Number, stands.Root
			}
			return l, nil
		})
		if err != nil || mine {
			return h, err
		}
	}
}

func readHeadsLog(ctx context.Context, s store.Documents) (headsLog, error) {
	l, err := store.ReadJSON[headsLog](ctx, s, headsDocument)
	if errors.Is(err, store.ErrNotFound) {
		return headsLog{First: 1}, nil
	}
	return l, err
}

// CutHeads deletes signed documents from before a time, but not the last one.
func CutHeads(ctx context.Context, s store.Documents, before time.Time) error {
	l, err := readHeadsLog(ctx, s)
	if err != nil {
		return err
	}
	if err := dropBefore(ctx, s, numberedHeads, l.First); err != nil {
		return err
	}
	first, base := l.First, l.Base
	for ; first < l.Number; first++ {
		h, err := store.ReadJSON[Heads](ctx, s, numberedHeads(first))
		if errors.Is(err, store.ErrNotFound) || err == nil && !h.At.Before(before) {
			break
		}
		if err != nil {
			return err
		}
		base = h.Root
	}
	if first == l.First {
		return nil
	}
	return store.UpdateJSON(ctx, s, headsDocument, func(l headsLog) (headsLog, error) {
		if first > l.First {
			l.First, l.Base = first, base
		}
		return l, nil
	})
}
