package tokens

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/store"
)

// DefaultPublishBefore is how long gateways commonly cache a JWKS.
const DefaultPublishBefore = 10 * time.Minute

// Options say which signing keys to keep and how long they live.
type Options struct {
	Algorithms    []Algorithm   // every algorithm that some audience uses; at least one
	Sealer        *Sealer       // encrypts private keys; nil keeps the key-encryption key beside them, which protects nothing
	TokenLifetime time.Duration // with which tokens are made now; a retired key stays for the longest that the store knows of (R5)
	RotateEvery   time.Duration // how long a key signs; 0 for until Rotate is called
	PublishBefore time.Duration // how long a new key is published before it signs; 0 for DefaultPublishBefore
	// Agreed holds back what cannot be undone, and rotations, while only one clock says that they are due; nil for none.
	Agreed *store.AgreedTime
	// Confirm is asked before other keys take the place of those that the ring has; an error means that this is not the same store any
	// more. It may be nil.
	Confirm func(context.Context) error
}

// KeyRing is the signing keys as this replica last saw them. All methods may be called from many goroutines. Sign, Verify, JWKS and
// SigningKeys never wait for the store.
type KeyRing struct {
	documents store.Documents
	options   Options
	parser    *jwt.Parser
	changing  sync.Mutex // orders Refresh and Rotate, so that an older set never replaces a newer one
	current   atomic.Pointer[keySet]
	longest   atomic.Int64 // nanoseconds: the longest lifetime with which any server has made tokens; at least Options.TokenLifetime
	verified  verifiedTokens
}

// OpenKeyRing reads the signing keys, making those that are missing; replicas that start at once agree on them. A Sealer
// that is new to this store encrypts the private keys from then on. ErrWrongKeyEncryptionKey if they were encrypted with another one.
func OpenKeyRing(ctx context.Context, documents store.Documents, options Options, now time.Time) (*KeyRing, error) {
	if options.PublishBefore == 0 {
		options.PublishBefore = DefaultPublishBefore
	}
	if err := options.check(); err != nil {
		return nil, err
	}
	// Two audiences may name one algorithm.
	options.Algorithms = slices.Compact(slices.Sorted(slices.Values(options.Algorithms)))
	ring := &KeyRing{documents: documents, options: options, parser: newParser()}
	ring.current.Store(newKeySet(nil, nil, nil))
	ring.longest.Store(int64(options.TokenLifetime))
	if err := ring.Refresh(ctx, now); err != nil {
		return nil, err
	}
	return ring, nil
}

func (o Options) check() error {
	if len(o.Algorithms) == 0 {
		return errors.New("a key ring needs at least one algorithm")
	}
	for _, algorithm := range o.Algorithms {
		if _, err := ParseAlgorithm(string(algorithm)); err != nil {
			return err
		}
	}
	switch {
	case o.TokenLifetime <= 0:
		return errors.New("the lifetime of tokens must be positive")
	case o.PublishBefore < 0:
		return errors.New("signing keys must be published before they sign: PublishBefore must not be negative")
	case o.RotateEvery != 0 && o.RotateEvery <= o.PublishBefore:
		return fmt.Errorf("signing keys must sign for longer than the %s that they are published before", o.PublishBefore)
	}
	return nil
}

// Refresh reads what other replicas changed, begins a rotation that is due, and drops signing keys whose last token has expired. Call it
// on every replica every few seconds, and in any case several times within Options.PublishBefore. After an error, such as
// store.ErrUnavailable, the ring keeps using the keys that it has. It makes none in place of those that it has seen: where they are gone,
// the store was emptied, and new ones would end all tokens.
func (r *KeyRing) Refresh(ctx context.Context, now time.Time) error {
	return r.carryOut(ctx, now, r.options.upkeep)
}

// Rotate begins a rotation now: the new signing keys are published at once and sign after Options.PublishBefore. If such a
// rotation is already under way, nothing changes.
//
// In an emergency, when a private key may be known to others, the new keys sign at once and all others are withdrawn at once,
// with every token that they signed. Another replica follows at its next Refresh, a gateway when it next fetches the JWKS.
func (r *KeyRing) Rotate(ctx context.Context, now time.Time, emergency bool) error {
	if emergency {
		return r.carryOut(ctx, now, r.options.emergency)
	}
	return r.carryOut(ctx, now, r.options.rotation)
}

// Unprotected says that no key-encryption key is configured, so that anybody who can read the store can sign tokens.
func (r *KeyRing) Unprotected() bool { return r.current.Load().keyEncryptionKey != nil }

// asStored drops the parts of a time that the document does not hold, so that a set just saved equals one read back.
func asStored(t time.Time) time.Time { return t.Round(0).UTC() }

func (r *KeyRing) carryOut(ctx context.Context, clock time.Time, planned func(moment) plan) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	now := asStored(clock)
	// Another server, or this one before a change of its settings, may have made tokens that live longer than those made here now.
	// Without knowing, no signing key can be dropped.
	longest, err := store.LongestTokenLifetime(ctx, r.documents, r.options.TokenLifetime, clock)
	if err != nil {
		return fmt.Errorf("reading the longest lifetime of tokens: %w", err)
	}
	r.longest.Store(int64(longest))
	plan := planned(moment{now, asStored(r.options.Agreed.Until(ctx, clock)), longest})
	set, err := r.read(ctx)
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	keep, orders := plan(set.byAlgorithm)
	reseal := set.keyEncryptionKey != nil && r.options.Sealer != nil
	if set.is(keep) && len(orders) == 0 && !reseal {
		r.current.Store(set)
		return nil
	}
	made := make(map[Algorithm]crypto.Signer, len(orders))
	for _, order := range orders {
		if made[order.algorithm], err = order.algorithm.generate(); err != nil {
			return fmt.Errorf("making a signing key: %w", err)
		}
	}
	if set, err = r.save(ctx, plan, made, now); err != nil {
		return fmt.Errorf("saving the signing keys: %w", err)
	}
	r.current.Store(set)
	return nil
}

// read parses the document only if it has changed.
func (r *KeyRing) read(ctx context.Context) (*keySet, error) {
	raw, err := r.documents.Document(ctx, documentName)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	current := r.current.Load()
	if raw == nil && current.raw != nil {
		return nil, fmt.Errorf("%w: the signing keys that were there are gone", store.ErrUnavailable)
	}
	if raw != nil && bytes.Equal(raw, current.raw) {
		return current, nil
	}
	if current.raw != nil && r.options.Confirm != nil {
		if err := r.options.Confirm(ctx); err != nil {
			return nil, err
		}
	}
	return openDocument(raw, r.options.Sealer)
}

// save repeats the plan on the document as it is by then. A key that another replica has made meanwhile is used, and the one made here is
// dropped; a key that is found to be missing only now waits for the next Refresh.
func (r *KeyRing) save(ctx context.Context, plan plan, made map[Algorithm]crypto.Signer, now time.Time) (saved *keySet, err error) {
	seen := r.current.Load().raw != nil
	err = r.documents.UpdateDocument(ctx, documentName, func(raw []byte) ([]byte, error) {
		if seen && raw == nil {
			return nil, fmt.Errorf("%w: the signing keys that were there are gone", store.ErrUnavailable)
		}
		set, err := openDocument(raw, r.options.Sealer)
		if err != nil {
			return nil, err
		}
		keys, orders := plan(set.byAlgorithm)
		for _, order := range orders {
			private := made[order.algorithm]
			if private == nil {
				continue
			}
			key, err := newSigningKey(private, now, order.activeFrom, order.algorithm)
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
		if saved, err = set.with(keys, r.options.Sealer); err != nil {
			return nil, err
		}
		return saved.raw, nil
	})
	return saved, err
}
