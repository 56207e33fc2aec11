package chain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/store"
)

// Verifier compares the audit trails with their chains.
type Verifier struct {
	Store Store
	Now   time.Time
	// Account and Tenant limit it to one account, or to one tenant of it; empty for all.
	Account, Tenant string
	// Signature checks a signature and returns what was signed, and the thumbprint of the key (RFC 7638).
	Signature func(signature, publicKey string) (Claims, string, error)
	// Trusted are the thumbprints of keys whose signatures count; all count if it is empty.
	Trusted []string
	// Outside has heads and roots that were kept outside the store. Each must be in it. Of OutsideHeads only the number and the root count,
	// and not if it is so old that the store does not keep it any more.
	Outside      []string
	OutsideHeads []Heads

	report  Report
	signed  map[chainName][]Entry
	unfound map[string]bool // of Outside
}

type chainName struct{ account, tenant string }

// Verify reads every chain. It changes nothing, but for the order of arrivals of a Redis store. It needs some 200 bytes of memory for each
// event of the largest account. Servers may go on. What is not as it should be is in the report; an error means that the store
// can't be read.
func (v Verifier) Verify(ctx context.Context) (Report, error) {
	v.report = Report{Chains: []Chain{}, Findings: []Finding{}, Notes: []Finding{}, Keys: []string{}}
	v.signed, v.unfound = map[chainName][]Entry{}, map[string]bool{}
	for _, head := range v.Outside {
		v.unfound[head] = true
	}
	if err := v.heads(ctx); err != nil {
		return v.report, err
	}
	err := v.accounts(ctx, func(accountID string) error {
		again := errAgain
		for range 3 { // pages can go away meanwhile
			a := account{Verifier: &v, id: accountID}
			if again = a.verify(ctx); !errors.Is(again, errAgain) {
				break
			}
		}
		if again != nil {
			return fmt.Errorf("account %s: %w", accountID, again)
		}
		return nil
	})
	if err != nil {
		return v.report, err
	}
	for name, entries := range v.signed {
		if len(entries) > 0 && v.wanted(name) {
			v.find(Broken, name, "", fmt.Sprintf("seal %d was signed, and is not there", entries[len(entries)-1].Seal))
		}
	}
	for _, head := range slices.Sorted(maps.Keys(v.unfound)) {
		v.find(Broken, chainName{}, "", "the head "+head+" from outside is not there")
	}
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int {
		return strings.Compare(a.Account+" "+a.Tenant, b.Account+" "+b.Tenant)
	})
	return v.report, nil
}

var errAgain = errors.New("the pages of the chain keep changing")

func (v *Verifier) wanted(name chainName) bool {
	return (v.Account == "" || v.Account == name.account) && (v.Tenant == "" || v.Tenant == name.tenant)
}

func (v *Verifier) find(kind string, name chainName, event, text string) {
	v.report.Findings = append(v.report.Findings, Finding{kind, name.account, name.tenant, event, text})
}

func (v *Verifier) note(kind string, name chainName, event, text string) {
	v.report.Notes = append(v.report.Notes, Finding{kind, name.account, name.tenant, event, text})
}

func (v *Verifier) accounts(ctx context.Context, visit func(string) error) error {
	if v.Account != "" {
		if _, err := v.Store.Account(ctx, v.Account); err != nil {
			return fmt.Errorf("account %s: %w", v.Account, err)
		}
		return visit(v.Account)
	}
	return store.EachAccount(ctx, v.Store, "", func(a policy.Account) error { return visit(a.ID) })
}

// heads reads the signed documents.
func (v *Verifier) heads(ctx context.Context) error {
	l, err := readHeadsLog(ctx, v.Store)
	if err != nil {
		return err
	}
	for _, h := range v.OutsideHeads {
		if h.Number >= l.First {
			v.unfound[h.Root] = true
		}
	}
	delete(v.unfound, l.Base)
	before, known := l.Base, true
	keys := map[string]bool{}
	for number := l.First; number <= l.Number; number++ {
		h, err := store.ReadJSON[Heads](ctx, v.Store, numberedHeads(number))
		if errors.Is(err, store.ErrNotFound) {
			known = false
			v.find(Broken, chainName{}, "", fmt.Sprintf("document %d with signed heads is not there", number))
			continue
		}
		if err != nil {
			return err
		}
		v.document(h, number, before, known, keys)
		before, known = h.Root, true
		v.report.Number, v.report.SignedAt, v.report.Root = h.Number, h.At, h.Root
	}
	if known && before != l.Root {
		v.find(Broken, chainName{}, "", "the last document with signed heads is another one")
	}
	v.report.Keys = slices.AppendSeq(v.report.Keys, maps.Keys(keys))
	slices.Sort(v.report.Keys)
	return nil
}

func (v *Verifier) document(h Heads, number int64, before string, known bool, keys map[string]bool) {
	bad := func(text string) {
		v.find(Broken, chainName{}, "", fmt.Sprintf("document %d with signed heads %s", number, text))
	}
	root, err := h.root()
	switch {
	case err != nil || root != h.Root || h.Number != number:
		bad("was changed")
		return
	case known && h.Before != before:
		bad("does not follow the one before")
	}
	claims, key, err := v.Signature(h.Signature, h.PublicKey)
	switch {
	case err != nil:
		bad("has no valid signature: " + err.Error())
		return
	case claims.Root != root || claims.Number != number:
		bad("has the signature of another one")
		return
	case len(v.Trusted) > 0 && !slices.Contains(v.Trusted, key):
		bad("is signed with the key " + key + ", which is not trusted")
		return
	}
	keys[key] = true
	delete(v.unfound, h.Root)
	for _, e := range h.Entries {
		name := chainName{e.Account, e.Tenant}
		if v.Account == "" || v.Account == e.Account {
			v.signed[name] = append(v.signed[name], e)
		}
	}
}

// late is how long before the seal before its own an event can have begun.
const late = time.Hour

// settled is after how long an event is in the order of arrivals, whatever has crashed.
const settled = 5 * time.Minute

// account is the verification of one account.
type account struct {
	*Verifier

	id     string
	trail  trail
	chains map[string]*Chain
	sealed map[string]sealedEvent // by ID
	lost   map[string]bool
}

type sealedEvent struct {
	tenant, digest string
	seen           bool
}

func (a *account) name(tenant string) chainName { return chainName{a.id, tenant} }

func (a *account) chain(tenant string) *Chain {
	c := a.chains[tenant]
	if c == nil {
		c = &Chain{Account: a.id, Tenant: tenant}
		a.chains[tenant] = c
	}
	return c
}

// verify adds nothing to the report before it returns, unless it returns nil.
func (a *account) verify(ctx context.Context) (err error) {
	found, notes := a.report.Findings, a.report.Notes
	defer func() {
		if err != nil {
			a.report.Findings, a.report.Notes = found, notes
		}
	}()
	a.chains, a.sealed, a.lost = map[string]*Chain{}, map[string]sealedEvent{}, map[string]bool{}
	if a.trail, err = readTrail(ctx, a.Store, a.id); err != nil {
		return err
	}
	if err := a.readChains(ctx); err != nil {
		return err
	}
	unknown, err := a.compare(ctx)
	if err != nil {
		return err
	}
	now, err := readTrail(ctx, a.Store, a.id)
	if err != nil {
		return err
	}
	if err := a.sealedMeanwhile(ctx, now, unknown); err != nil {
		return err
	}
	a.findMissing(now.Anchor)
	if err := a.judge(ctx, now, unknown); err != nil {
		return err
	}
	for _, tenant := range slices.Sorted(maps.Keys(a.chains)) {
		if a.wanted(a.name(tenant)) {
			a.report.Chains = append(a.report.Chains, *a.chains[tenant])
		}
	}
	return nil
}

// tell is find for what belongs to a tenant that is wanted.
func (a *account) tell(kind, tenant, event, text string) {
	if a.wanted(a.name(tenant)) {
		a.find(kind, a.name(tenant), event, text)
	}
}

// compare reads the trail. It returns the tenants of the events that are not sealed, by ID.
func (a *account) compare(ctx context.Context) (unknown map[string]string, err error) {
	unknown = map[string]string{}
	return unknown, eachEvent(ctx, a.Store, a.id, func(e policy.Event) error {
		known, ok := a.sealed[e.ID]
		if !ok {
			unknown[e.ID] = e.TenantID
			return nil
		}
		digest, err := Digest(e)
		if err != nil {
			return err
		}
		if digest != known.digest {
			a.tell(Changed, known.tenant, e.ID, "")
		}
		known.seen = true
		a.sealed[e.ID] = known
		return nil
	})
}

// sealedMeanwhile takes those out of unknown that were sealed since the chains were read.
func (a *account) sealedMeanwhile(ctx context.Context, now trail, unknown map[string]string) error {
	if now.Batch == a.trail.Batch {
		return nil
	}
	since := now
	since.FirstPage = max(a.trail.Page, now.FirstPage)
	return eachBatch(ctx, a.Store, a.id, since, func(int64) error { return nil }, func(b batch) error {
		for _, s := range b.Seals {
			for _, record := range s.Records {
				id, _ := cutRecord(record)
				if tenant, ok := unknown[id]; ok && b.Number > a.trail.Batch {
					a.chain(tenant).Unsealed++
					delete(unknown, id)
				}
			}
		}
		return nil
	})
}

func (a *account) findMissing(cut anchor) {
	var missing []string
	for id, known := range a.sealed {
		switch {
		case known.seen:
		case id <= cut.UpTo, a.lost[id]:
			a.chain(known.tenant).Records--
		default:
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	for _, id := range missing {
		a.tell(Missing, a.sealed[id].tenant, id, "")
	}
}

// judge says which of the events that are not sealed will be, and which nobody knows where they come from.
func (a *account) judge(ctx context.Context, now trail, unknown map[string]string) error {
	waiting := func(id string) {
		a.chain(unknown[id]).Unsealed++
		delete(unknown, id)
	}
	epoch, err := store.CurrentEpoch(ctx, a.Store)
	if err != nil {
		return err
	}
	all := now.FromStart
	if !all && now.Epoch != epoch {
		all = true
		a.note(Elsewhere, a.name(""), "", "the history of the store has changed since the last seal, as after a restore or a failover")
	}
	for position := now.Position; !all && len(unknown) > 0; {
		arrivals, next, err := a.Store.Arrivals(ctx, a.id, position, batchSize)
		if errors.Is(err, store.ErrPositionLost) {
			all = true
			a.note(Elsewhere, a.name(""), "", "the order in which events have arrived is not the one that was sealed, as after a failover")
			break
		}
		if err != nil {
			return err
		}
		for _, arrival := range arrivals {
			if _, ok := unknown[arrival.Event.ID]; ok {
				waiting(arrival.Event.ID)
			}
		}
		if next == position {
			break
		}
		position = next
	}
	fresh := policy.NewEventID(a.Now.Add(-settled), [10]byte{})
	for _, id := range slices.Sorted(maps.Keys(unknown)) {
		switch tenant := unknown[id]; {
		case all || id >= fresh && id < policy.NewEventID(a.Now.Add(settled), [10]byte{}):
			waiting(id)
		case id <= now.Anchor.UpTo:
			a.chain(tenant).Old++
		default:
			a.tell(Inserted, tenant, id, "")
		}
	}
	return nil
}
