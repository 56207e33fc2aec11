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

// moment is when a plan is made.
type moment struct {
	now     time.Time     // by the clock of this server
	agreed  time.Time     // the part of it that others agree on: by it, signing keys are dropped
	longest time.Duration // the longest lifetime of any token
}

// upkeep makes the keys that are missing or due, and drops those whose last token has expired and those of algorithms that no server uses
// any more.
func (o Options) upkeep(at moment) plan {
	return func(byAlgorithm map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			switch line := byAlgorithm[algorithm]; {
			case len(line) == 0:
				orders = append(orders, order{algorithm, at.now})
			case o.due(line, at.agreed):
				orders = append(orders, order{algorithm, at.now.Add(o.PublishBefore)})
			}
		}
		return o.used(living(byAlgorithm, at.agreed, at.longest), at), orders
	}
}

// used drops what is left of the algorithms that no setting names any more. Only the settings of this server are known here, and those of
// another may name them: so each of its keys is noted as unused at first, a server that uses it takes the note away when the note is as
// old as PublishBefore, and the key is dropped when nobody did so for that long again and its last token is dead.
func (o Options) used(keys []*signingKey, at moment) []*signingKey {
	used := make([]*signingKey, 0, len(keys))
	for _, key := range keys {
		noted := !key.unusedSince.IsZero()
		switch named := slices.Contains(o.Algorithms, key.algorithm); {
		case named && noted && !at.now.Before(key.unusedSince.Add(o.PublishBefore)):
			used = append(used, key.notedAsUnused(time.Time{}))
		case !named && !noted:
			used = append(used, key.notedAsUnused(at.now))
		case !named && !at.agreed.Before(key.unusedSince.Add(2*o.PublishBefore+at.longest+deathSlack)):
		default:
			used = append(used, key)
		}
	}
	return used
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
func (o Options) rotation(at moment) plan {
	return func(byAlgorithm map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			switch line := byAlgorithm[algorithm]; {
			case len(line) == 0:
				orders = append(orders, order{algorithm, at.now})
			case !line.changesWithin(o.PublishBefore, at.now):
				orders = append(orders, order{algorithm, at.now.Add(o.PublishBefore)})
			}
		}
		return living(byAlgorithm, at.agreed, at.longest), orders
	}
}

// emergency replaces all keys at once: somebody who could read one private key could read them all.
func (o Options) emergency(at moment) plan {
	return func(map[Algorithm]timeline) ([]*signingKey, []order) {
		var orders []order
		for _, algorithm := range o.Algorithms {
			orders = append(orders, order{algorithm, at.now})
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
