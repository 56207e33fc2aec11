package chain

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"mintkey/policy"
)

// readChains reads the seals of the account, and compares them with each other and with the heads that were signed.
func (a *account) readChains(ctx context.Context) error {
	heads := maps.Clone(a.trail.Anchor.Heads)
	if heads == nil {
		heads = map[string]head{}
	}
	for tenant, h := range heads {
		a.chain(tenant).Seals = h.Seal
		delete(a.unfound, h.Head)
	}
	signed := a.signedHeads()
	for tenant, h := range heads {
		signed.check(a, tenant, h)
	}
	lastBatch, lastAt := int64(0), time.Time{}
	known := true // what comes before
	gone := func(number int64) error {
		now, err := readTrail(ctx, a.Store, a.id)
		if err != nil {
			return err
		}
		if now.FirstPage > number {
			return errAgain
		}
		a.find(Broken, a.name(""), "", fmt.Sprintf("page %d of the chain is not there", number))
		known = false
		return nil
	}
	err := eachBatch(ctx, a.Store, a.id, a.trail, gone, func(b batch) error {
		if lastBatch != 0 && known && b.Number != lastBatch+1 {
			a.find(Broken, a.name(""), "", fmt.Sprintf("batch %d is not there", lastBatch+1))
			known = false
		}
		a.readLate(b, lastAt)
		lastBatch, lastAt = b.Number, b.At
		for _, s := range b.Seals {
			before := heads[s.Tenant]
			if !known && s.Number > before.Seal+1 {
				before = head{Seal: s.Number - 1, Records: before.Records} // nothing to compare it with
			} else if made, err := s.headOf(a.id, b, before.Head); err != nil {
				return err
			} else if made != s.Head || s.Number != before.Seal+1 {
				a.tell(Broken, s.Tenant, "", fmt.Sprintf("seal %d does not follow", s.Number))
			}
			heads[s.Tenant] = head{s.Number, before.Records + int64(len(s.Records)), s.Head, b.Number}
			signed.check(a, s.Tenant, heads[s.Tenant])
			delete(a.unfound, s.Head)
			a.readSeal(s, b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if lastBatch < a.trail.Batch && known && a.trail.Page > 0 {
		a.find(Broken, a.name(""), "", fmt.Sprintf("batch %d is not there", lastBatch+1))
	}
	for _, tenant := range slices.Sorted(maps.Keys(a.trail.Heads)) {
		h := heads[tenant]
		if want := a.trail.Heads[tenant]; h.Seal != want.Seal || h.Head != want.Head {
			a.tell(Broken, tenant, "", fmt.Sprintf("seal %d is not the one at which the chain goes on", want.Seal))
		}
		a.chain(tenant).Head = h.Head
		a.chain(tenant).Seals = h.Seal
		if h.Batch > a.trail.Signed {
			a.note(Unsigned, a.name(tenant), "", "")
		}
	}
	signed.rest(a)
	return nil
}

func (a *account) readSeal(s seal, b batch) {
	c := a.chain(s.Tenant)
	if c.Since.IsZero() {
		c.Since = b.At
	}
	for _, record := range s.Records {
		id, digest := cutRecord(record)
		if known, ok := a.sealed[id]; ok { // after a failover an event can come twice
			if known.digest != digest {
				a.tell(Changed, s.Tenant, id, "it was sealed twice, and is another one each time")
			}
			continue
		}
		a.sealed[id] = sealedEvent{tenant: s.Tenant, digest: digest}
		c.Records++
	}
	for _, id := range s.Lost {
		a.lost[id] = true
		if a.wanted(a.name(s.Tenant)) {
			a.note(Missing, a.name(s.Tenant), id, "gone when the history of the store had changed, at "+b.At.Format(time.RFC3339))
		}
	}
}

// readLate notes events that can hardly have been under way since before the batch before.
func (a *account) readLate(b batch, before time.Time) {
	if b.FromStart || before.IsZero() {
		return
	}
	limit := policy.NewEventID(before.Add(-late), [10]byte{})
	for _, s := range b.Seals {
		for _, record := range s.Records {
			if id, _ := cutRecord(record); id < limit && a.wanted(a.name(s.Tenant)) {
				a.note(Late, a.name(s.Tenant), id, "it arrived after "+before.Format(time.RFC3339))
			}
		}
	}
}

// signedHeads are the heads of the account that were signed, by tenant and number of the seal.
type signedHeads map[string]map[int64]string

func (a *account) signedHeads() signedHeads {
	signed := signedHeads{}
	for name, entries := range a.signed {
		if name.account != a.id {
			continue
		}
		signed[name.tenant] = map[int64]string{}
		for _, e := range entries {
			if other, ok := signed[name.tenant][e.Seal]; ok && other != e.Head {
				a.tell(Broken, name.tenant, "", fmt.Sprintf("seal %d was signed twice, and is another one each time", e.Seal))
			}
			signed[name.tenant][e.Seal] = e.Head
		}
	}
	return signed
}

func (s signedHeads) check(a *account, tenant string, h head) {
	if want, ok := s[tenant][h.Seal]; ok && want != h.Head {
		a.tell(Broken, tenant, "", fmt.Sprintf("seal %d is not the one that was signed", h.Seal))
	}
	delete(s[tenant], h.Seal)
}

// rest tells of signed heads behind the end of the chain. Those before its beginning are about events that were deleted.
func (s signedHeads) rest(a *account) {
	for tenant, heads := range s {
		for _, number := range slices.Sorted(maps.Keys(heads)) {
			if number > a.trail.Heads[tenant].Seal {
				a.tell(Broken, tenant, "", fmt.Sprintf("seal %d was signed, and is not there", number))
			}
		}
	}
	for name := range a.signed {
		if name.account == a.id {
			a.signed[name] = nil // done with
		}
	}
}
