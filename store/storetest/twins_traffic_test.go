package storetest_test

import (
	"context"
	"sync"
	"time"

	"mintkey/store"
)

func trafficTwins() []twin {
	reads := newReadsFirst()
	return []twin{
		{"traffic adds up", "keeps only the first batch", func(s store.Store) store.Store { return keepsFirstTraffic{s} }},
		{"traffic adds up", "takes each refusal for a wrong secret", func(s store.Store) store.Store { return oneRefusal{s} }},
		{"traffic by minute, hour and day", "rounds to the next minute", func(s store.Store) store.Store { return roundsMinutes{s} }},
		{"traffic by minute, hour and day", "begins its days an hour late", func(s store.Store) store.Store { return lateDays{s} }},
		{"traffic in a span", "begins with the next step", func(s store.Store) store.Store { return skipsStep{s} }},
		{"traffic in a span", "sums up a whole chunk", func(s store.Store) store.Store { return sumsChunks{s} }},
		{"traffic of others stays apart", "mixes up tenants that begin alike", func(s store.Store) store.Store { return confusesTenants{s} }},
		{"traffic of others stays apart", "takes a tenant for an account", func(s store.Store) store.Store { return confusesAccounts{s} }},
		{"traffic of parts, busiest first", "gives the last first", func(s store.Store) store.Store { return idlestFirst{s} }},
		{"traffic of parts, busiest first", "looks at tokens issued only", func(s store.Store) store.Store { return issuedOnly{s} }},
		{"traffic that was refused", "looks among the busiest", func(s store.Store) store.Store { return busiestRefused{s} }},
		{"traffic of many parts", "leaves out those beyond a batch", func(s store.Store) store.Store { return oneBatch{s} }},
		{"traffic is kept long enough", "forgets an hour early", func(s store.Store) store.Store { return forgetsTrafficEarly{s} }},
		{"race to record traffic loses none", "reads before it writes", func(s store.Store) store.Store { return reads.over(s) }},
	}
}

type trafficBatch = map[store.TrafficKey]store.TrafficCounts

// changed is a batch with other keys.
func changed(counts trafficBatch, key func(store.TrafficKey) store.TrafficKey) trafficBatch {
	all := trafficBatch{}
	for k, some := range counts {
		all[key(k)] = all[key(k)].Plus(some)
	}
	return all
}

type keepsFirstTraffic struct{ store.Store }

func (b keepsFirstTraffic) RecordTraffic(ctx context.Context, counts trafficBatch) error {
	for key := range counts {
		span := store.TrafficSpan{Step: store.TrafficDays, From: time.Unix(key.Minute*60, 0), Steps: 1}
		if before, err := b.Traffic(ctx, key.TrafficSource, span); err != nil || before[0].Total() > 0 {
			return err
		}
	}
	return b.Store.RecordTraffic(ctx, counts)
}

type oneRefusal struct{ store.Store }

func (b oneRefusal) RecordTraffic(ctx context.Context, counts trafficBatch) error {
	all := trafficBatch{}
	for key, some := range counts {
		all[key] = store.TrafficCounts{store.TokenIssued: some.Issued(), store.RefusedWrongSecret: some.Refused()}
	}
	return b.Store.RecordTraffic(ctx, all)
}

type roundsMinutes struct{ store.Store }

func (b roundsMinutes) RecordTraffic(ctx context.Context, counts trafficBatch) error {
	return b.Store.RecordTraffic(ctx, changed(counts, func(k store.TrafficKey) store.TrafficKey {
		k.Minute++
		return k
	}))
}

type lateDays struct{ store.Store }

func (b lateDays) Traffic(ctx context.Context, of store.TrafficSource, span store.TrafficSpan) ([]store.TrafficCounts, error) {
	if span.Step == store.TrafficDays {
		span.From = span.From.Add(time.Hour)
	}
	return b.Store.Traffic(ctx, of, span)
}

type skipsStep struct{ store.Store }

func (b skipsStep) Traffic(ctx context.Context, of store.TrafficSource, span store.TrafficSpan) ([]store.TrafficCounts, error) {
	span.From = span.From.Add(span.Step.Length())
	return b.Store.Traffic(ctx, of, span)
}

type sumsChunks struct{ store.Store }

func (b sumsChunks) TrafficParts(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	length := span.Step.ChunkLength()
	span.From, span.Steps = span.From.Truncate(length), len(span.Chunks())*int(length/span.Step.Length())
	return b.Store.TrafficParts(ctx, of, span, limit)
}

type confusesTenants struct{ store.Store }

func (b confusesTenants) RecordTraffic(ctx context.Context, counts trafficBatch) error {
	return b.Store.RecordTraffic(ctx, changed(counts, func(k store.TrafficKey) store.TrafficKey {
		k.TenantID = k.TenantID[:min(len(k.TenantID), 4)]
		return k
	}))
}

type confusesAccounts struct{ store.Store }

func (b confusesAccounts) Traffic(ctx context.Context, of store.TrafficSource, span store.TrafficSpan) ([]store.TrafficCounts, error) {
	if of.TenantID == "" && of.AccountID == "load" {
		of = store.TrafficSource{AccountID: "acme", TenantID: "load"}
	}
	return b.Store.Traffic(ctx, of, span)
}

type idlestFirst struct{ store.Store }

func (b idlestFirst) TrafficParts(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	parts, err := b.Store.TrafficParts(ctx, of, span, 1000)
	return parts[max(len(parts)-limit, 0):], err
}

type issuedOnly struct{ store.Store }

func (b issuedOnly) TrafficParts(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	parts, err := b.Store.TrafficParts(ctx, of, span, 1000)
	sums := map[string]store.TrafficCounts{}
	for _, part := range parts {
		sums[part.ID] = store.TrafficCounts{store.TokenIssued: part.Counts.Issued()}
	}
	return store.BusiestParts(sums, limit), err
}

type busiestRefused struct{ store.Store }

func (b busiestRefused) TrafficRefused(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	parts, err := b.TrafficParts(ctx, of, span, 50)
	sums := map[string]store.TrafficCounts{}
	for _, part := range parts {
		sums[part.ID] = part.Counts
	}
	return store.RefusedParts(sums, limit), err
}

type oneBatch struct{ store.Store }

func (b oneBatch) TrafficParts(
	ctx context.Context, of store.TrafficSource, span store.TrafficSpan, limit int,
) ([]store.TrafficPart, error) {
	return b.Store.TrafficParts(ctx, of, span, min(limit, 500))
}

type forgetsTrafficEarly struct{ store.Store }

func (b forgetsTrafficEarly) ForgetTraffic(ctx context.Context, now time.Time) error {
	return b.Store.ForgetTraffic(ctx, now.Add(time.Hour+time.Minute))
}

// readsFirst adds to what it read before, and lets those who add to the same counts all read before any of them writes.
type readsFirst struct {
	store.Store
	*sharedReads
}

type sharedReads struct {
	mu      sync.Mutex
	meeting map[store.TrafficKey]meeting
}

func newReadsFirst() *sharedReads { return &sharedReads{meeting: map[store.TrafficKey]meeting{}} }

func (r *sharedReads) over(s store.Store) store.Store { return readsFirst{s, r} }

func (r *sharedReads) wait(key store.TrafficKey) {
	r.mu.Lock()
	if r.meeting[key] == nil {
		r.meeting[key] = make(meeting)
	}
	meeting := r.meeting[key]
	r.mu.Unlock()
	meeting.wait()
}

func (b readsFirst) RecordTraffic(ctx context.Context, counts trafficBatch) error {
	read := func() (trafficBatch, error) {
		found := trafficBatch{}
		for key := range counts {
			span := store.TrafficSpan{Step: store.TrafficMinutes, From: time.Unix(key.Minute*60, 0), Steps: 1}
			steps, err := b.Traffic(ctx, key.TrafficSource, span)
			if err != nil {
				return nil, err
			}
			found[key] = steps[0]
		}
		return found, nil
	}
	before, err := read()
	if err != nil {
		return err
	}
	for key := range counts {
		b.wait(key)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	after, err := read()
	if err != nil {
		return err
	}
	for key, some := range counts {
		for outcome := range some {
			some[outcome] += before[key][outcome] - after[key][outcome]
		}
		counts[key] = some
	}
	return b.Store.RecordTraffic(ctx, counts)
}
