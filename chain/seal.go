package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Sealed is what Seal has found.
type Sealed struct {
	// Lost has the IDs of the events that were sealed once and are gone, because the history of the store has changed.
	Lost []string
	// Unsigned are the heads that are not signed yet.
	Unsigned []Entry
}

// Seal seals the events of an account and its tenants that have arrived since it was last called. What it has done when it is cancelled
// stays. It may run on several servers at once: each event is sealed by one of them.
func Seal(ctx context.Context, s Store, accountID string, now time.Time) (done Sealed, err error) {
	t, err := readTrail(ctx, s, accountID)
	if err != nil {
		return done, err
	}
	sealer := &sealer{store: s, accountID: accountID, now: now.UTC().Round(0), trail: t}
	if err := sealer.run(ctx); err != nil {
		return done, err
	}
	return Sealed{sealer.lost, unsigned(accountID, sealer.trail)}, nil
}

type sealer struct {
	store     Store
	accountID string
	now       time.Time
	trail     trail
	// sealed has the IDs that are sealed already, while the trail is read from its start.
	sealed map[string]bool
	lost   []string
}

func (s *sealer) run(ctx context.Context) error {
	epoch, err := store.CurrentEpoch(ctx, s.store)
	if err != nil {
		return err
	}
	if (s.trail.Batch > 0 || s.trail.Position != "") && s.trail.Epoch != epoch {
		if err := s.startAgain(ctx, epoch); err != nil {
			return err
		}
	}
	for {
		arrivals, next, err := s.store.Arrivals(ctx, s.accountID, s.trail.Position, batchSize)
		if errors.Is(err, store.ErrPositionLost) {
			if err := s.startAgain(ctx, epoch); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		end := next == s.trail.Position
		seals, err := s.seals(ctx, arrivals)
		if err != nil {
			return err
		}
		switch {
		case len(seals) > 0:
			err = s.commit(ctx, batch{Epoch: epoch, Position: next, FromStart: s.trail.FromStart, Seals: seals})
		case !end || s.trail.FromStart:
			err = s.goOn(ctx, epoch, next, s.trail.FromStart && !end)
		}
		if err != nil || end {
			return err
		}
	}
}

// startAgain reads the trail from its start, because the history of the store has changed. It notes which of the sealed events are gone.
func (s *sealer) startAgain(ctx context.Context, epoch string) error {
	missing := map[string]string{} // tenants by ID
	err := s.each(ctx, func(b batch) {
		for _, seal := range b.Seals {
			for _, record := range seal.Records {
				if id, _ := cutRecord(record); id > s.trail.Anchor.UpTo {
					missing[id] = seal.Tenant
				}
			}
			for _, id := range seal.Lost {
				delete(missing, id)
			}
		}
	})
	if err != nil {
		return err
	}
	err = eachEvent(ctx, s.store, s.accountID, func(e policy.Event) error {
		delete(missing, e.ID)
		return nil
	})
	if err != nil {
		return err
	}
	byTenant := map[string][]string{}
	for id, tenant := range missing {
		byTenant[tenant] = append(byTenant[tenant], id)
		s.lost = append(s.lost, id)
	}
	slices.Sort(s.lost)
	b := batch{Epoch: epoch, FromStart: true}
	for tenant, ids := range byTenant {
		slices.Sort(ids)
		b.Seals = append(b.Seals, seal{Tenant: tenant, Lost: ids})
	}
	s.sealed = nil
	return s.commit(ctx, b)
}

// each visits the batches. Pages that are gone are for Verify to tell.
func (s *sealer) each(ctx context.Context, visit func(batch)) error {
	return eachBatch(ctx, s.store, s.accountID, s.trail, func(int64) error { return nil }, func(b batch) error {
		visit(b)
		return nil
	})
}

// seals returns seals without numbers for those events that are not sealed yet.
func (s *sealer) seals(ctx context.Context, arrivals []store.Arrival) (seals []seal, err error) {
	if s.trail.FromStart && s.sealed == nil {
		s.sealed = map[string]bool{}
		err := s.each(ctx, func(b batch) {
			for _, seal := range b.Seals {
				for _, record := range seal.Records {
					id, _ := cutRecord(record)
					s.sealed[strings.Clone(id)] = true
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	records := map[string][]string{}
	seen := map[string]bool{} // after a failover an event can come twice
	for _, a := range arrivals {
		if seen[a.Event.ID] || s.trail.FromStart && s.sealed[a.Event.ID] {
			continue
		}
		seen[a.Event.ID] = true
		record, err := recordOf(a.Event)
		if err != nil {
			return nil, err
		}
		records[a.Event.TenantID] = append(records[a.Event.TenantID], record)
	}
	for tenant, records := range records {
		seals = append(seals, seal{Tenant: tenant, Records: records})
	}
	return seals, nil
}

var errStands = errors.New("another server has written the batch")

// commit writes the next batch. If another server has written one meanwhile, that one stands, and the trail goes on behind it.
func (s *sealer) commit(ctx context.Context, b batch) error {
	b.Number, b.At = s.trail.Batch+1, s.now
	slices.SortFunc(b.Seals, func(x, y seal) int { return cmp.Compare(x.Tenant, y.Tenant) })
	for i := range b.Seals {
		made := &b.Seals[i]
		last := s.trail.Heads[made.Tenant]
		made.Number = last.Seal + 1
		var err error
		if made.Head, err = made.headOf(s.accountID, b, last.Head); err != nil {
			return err
		}
	}
	// The page is written first: a batch that is in a page stands, whether the trail says so already or not.
	number := s.trail.nextPage()
	stands := b
	err := store.UpdateJSON(ctx, s.store, pageDocument(s.accountID, number), func(p page) (page, error) {
		for _, other := range p.Batches {
			if other.Number >= b.Number {
				stands = other
				return p, errStands
			}
		}
		stands = b
		p.Batches = append(p.Batches, b)
		return p, nil
	})
	if err != nil && !errors.Is(err, errStands) {
		return err
	}
	if err == nil {
		for _, seal := range b.Seals {
			for _, record := range seal.Records {
				if id, _ := cutRecord(record); s.sealed != nil {
					s.sealed[id] = true
				}
			}
		}
	} else {
		s.sealed = nil
	}
	return s.update(ctx, func(t trail) trail {
		if t.Batch < stands.Number {
			t = t.with(stands)
		}
		return t
	})
}

// goOn moves the position when there was nothing to seal.
func (s *sealer) goOn(ctx context.Context, epoch, position string, fromStart bool) error {
	last := s.trail.Batch
	return s.update(ctx, func(t trail) trail {
		if t.Batch == last {
			t.Epoch, t.Position, t.FromStart = epoch, position, fromStart
		}
		return t
	})
}

func (s *sealer) update(ctx context.Context, change func(trail) trail) error {
	return updateTrail(ctx, s.store, s.accountID, func(t trail) trail {
		s.trail = change(t)
		return s.trail
	})
}

func updateTrail(ctx context.Context, s store.Documents, accountID string, change func(trail) trail) error {
	return store.UpdateJSON(ctx, s, trailDocument(accountID), func(t trail) (trail, error) {
		if t.FirstPage == 0 { // it is new
			t.FirstPage, t.FromStart = 1, true
		}
		return change(t), nil
	})
}

// eachEvent visits the events that are in the trail, in the order of their IDs.
func eachEvent(ctx context.Context, s store.AuditTrail, accountID string, visit func(policy.Event) error) error {
	for query := (store.EventsQuery{OldestFirst: true, Limit: batchSize}); ; {
		events, err := s.Events(ctx, accountID, query)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			if err := visit(e); err != nil {
				return fmt.Errorf("event %s: %w", e.ID, err)
			}
		}
		if query.After = events[len(events)-1].ID; len(events) < batchSize {
			return nil
		}
	}
}
