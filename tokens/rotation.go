package tokens

import (
	"maps"
	"slices"
	"time"
)

// order asks for a new key.
type order struct {
	algorithm  Algorithm
	activeFrom time.Time
}

// A plan is a pure function from the keys that exist to those to keep and those to make. It runs once before the keys are
// made, which takes too long for a transaction of the store, and again inside the transaction.
type plan func(byAlgorithm map[Algorithm]timeline) (keep []*signingKey, orders []order)

// upkeep makes the keys that are missing or due, and drops those whose last token has expired.
func (o Options) upkeep(now time.Time, longest time.Duration) plan {
	return func(byAlgorithm map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			switch line := byAlgorithm[algorithm]; {
			case len(line) == 0:
				orders = append(orders, order{algorithm, now})
			case o.due(line, now):
				orders = append(orders, order{algorithm, now.Add(o.PublishBefore)})
			}
		}
		return living(byAlgorithm, now, longest), orders
	}
}

// due says whether it is time to publish the successor of the active key.
func (o Options) due(line timeline, now time.Time) bool {
	active := line.active(now)
	if o.RotateEvery == 0 || active < len(line)-1 {
		return false
	}
	return !line[active].activeFrom.Add(o.RotateEvery - o.PublishBefore).After(now)
}

// rotation makes the next key of every algorithm, unless it is about to sign already.
func (o Options) rotation(now time.Time, longest time.Duration) plan {
	return func(byAlgorithm map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			switch line := byAlgorithm[algorithm]; {
			case len(line) == 0:
				orders = append(orders, order{algorithm, now})
			case !line.changesWithin(o.PublishBefore, now):
				orders = append(orders, order{algorithm, now.Add(o.PublishBefore)})
			}
		}
		return living(byAlgorithm, now, longest), orders
	}
}

// emergency replaces all keys at once: somebody who could read one private key could read them all.
func (o Options) emergency(now time.Time, _ time.Duration) plan {
	return func(map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			orders = append(orders, order{algorithm, now})
		}
		return nil, orders
	}
}

func living(byAlgorithm map[Algorithm]timeline, now time.Time, longest time.Duration) []*signingKey {
	var living []*signingKey
	for _, algorithm := range slices.Sorted(maps.Keys(byAlgorithm)) {
		living = append(living, byAlgorithm[algorithm].living(now, longest)...)
	}
	return living
}
