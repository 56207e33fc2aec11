package usage

import (
	"context"
	"maps"
	"time"

	"mintkey/store"
)

// maxTraffic bounds what waits while the store is unavailable, at about 20 MB.
const maxTraffic = 100_000

// Traffic counts how many tokens were issued and refused. A minute of an access key is one record, however many requests there are, and
// only keys that exist or once did are counted, so that guessing fills neither memory nor the store.
type Traffic struct {
	saved  store.Traffic
	counts *batch[store.TrafficKey, store.TrafficCounts]
}

// Note counts n requests of the source with this outcome. The source of a client that no account ever had is without an account: noting
// it takes as long (R4), but it is never saved; /metrics counts those requests.
func (t *Traffic) Note(source store.TrafficSource, at time.Time, outcome store.Outcome, n int) {
	var counts store.TrafficCounts
	if outcome = outcome.CountedAs(); outcome.Counted() {
		counts[outcome] = int64(n)
	}
	t.counts.add(store.TrafficKey{TrafficSource: source, Minute: at.Unix() / 60}, counts)
}

func (t *Traffic) flush(ctx context.Context) (int, error) {
	return t.counts.flush(func(taken map[store.TrafficKey]store.TrafficCounts) (map[store.TrafficKey]store.TrafficCounts, error) {
		maps.DeleteFunc(taken, func(key store.TrafficKey, _ store.TrafficCounts) bool { return key.AccountID == "" })
		if len(taken) == 0 {
			return nil, nil
		}
		return onFailure(taken, t.saved.RecordTraffic(ctx, taken))
	})
}
