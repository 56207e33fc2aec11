package admin

import (
	"context"
	"sync"
	"time"

	"mintkey/store"
)

// orderCopies caches the order of keys by issue of some accounts with many, for pages that show when all of them expire: it takes longer to
// read than a page may. What a page says of single keys is read for that page.
type orderCopies struct {
	mu        sync.Mutex
	byAccount map[string]orderCopy
}

type orderCopy struct {
	at   time.Time
	keys []store.DatedKey // never changed
}

const (
	// leastOrderHeld is from how many keys on an order is held: fewer are read at once, and so always as of now.
	leastOrderHeld = orderSize
	// ordersHeld is how many keys are held, in all orders together. It bounds the memory to some 30 MB.
	ordersHeld = 200_000
)

// eachKeyHeld is EachKeyByIssue of a store, from a copy that is at most accessLag old if the account has many keys.
func (s *Service) eachKeyHeld(
	ctx context.Context, accountID string, now, from, until time.Time, visit func(store.DatedKey) error,
) error {
	inside := func(key store.DatedKey) error {
		if key.At.Before(from) || key.At.After(until) {
			return nil
		}
		return visit(key)
	}
	if held, ok := s.orderCopies.get(accountID, now); ok {
		for _, key := range held {
			if err := inside(key); err != nil {
				return err
			}
		}
		return nil
	}
	var keys []store.DatedKey
	fits := true
	err := s.Store.EachKeyByIssue(ctx, accountID, time.Time{}, endOfTime(), func(key store.DatedKey) error {
		if fits = fits && len(keys) < ordersHeld; fits {
			keys = append(keys, key)
		} else {
			keys = nil
		}
		return inside(key)
	})
	if err == nil && fits {
		s.orderCopies.put(accountID, orderCopy{now, keys})
	}
	return err
}

func (o *orderCopies) get(accountID string, now time.Time) ([]store.DatedKey, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if held, ok := o.byAccount[accountID]; ok && now.Sub(held.at).Abs() < accessLag {
		return held.keys, true
	}
	return nil, false
}

// put holds a copy, and no longer the oldest ones that leave it no room.
func (o *orderCopies) put(accountID string, c orderCopy) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.byAccount, accountID)
	if len(c.keys) <= leastOrderHeld {
		return
	}
	room := ordersHeld - len(c.keys)
	for _, held := range o.byAccount {
		room -= len(held.keys)
	}
	for room < 0 {
		oldest := ""
		for id, held := range o.byAccount {
			if oldest == "" || held.at.Before(o.byAccount[oldest].at) {
				oldest = id
			}
		}
		room += len(o.byAccount[oldest].keys)
		delete(o.byAccount, oldest)
	}
	if o.byAccount == nil {
		o.byAccount = map[string]orderCopy{}
	}
	o.byAccount[accountID] = c
}
