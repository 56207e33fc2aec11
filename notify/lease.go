package notify

import (
	"context"
	"errors"
	"time"

	"mintkey/store"
)

// leaseDocument says which replica runs the Scheduler. Progress documents are named after accounts and have a hyphen.
const leaseDocument = "upkeep"

// leaseLength is longer than the time between two ticks, so that the holder keeps the lease.
const leaseLength = 90 * time.Second

// lease lets one replica at a time do what all could do. It saves work; nothing depends on it for correctness. A holder that has crashed is
// replaced when its lease ends.
type lease struct {
	documents store.Documents
	holder    string
}

type leaseState struct {
	Holder string    `json:"holder"`
	Ends   time.Time `json:"ends"`
}

// take says whether the holder has the lease from now on.
func (l lease) take(ctx context.Context, now time.Time) (bool, error) {
	return l.update(ctx, func(present leaseState) (leaseState, error) {
		// One that ends too far ahead was taken under a clock that has been set back since.
		held := now.Before(present.Ends) && !present.Ends.After(now.Add(leaseLength))
		if held && present.Holder != l.holder {
			return leaseState{}, errNotMine
		}
		return leaseState{Holder: l.holder, Ends: now.Add(leaseLength)}, nil
	})
}

// release frees the lease, so that no replica has to wait for its end after a planned stop.
func (l lease) release(ctx context.Context) error {
	_, err := l.update(ctx, func(present leaseState) (leaseState, error) {
		if present.Holder != l.holder {
			return leaseState{}, errNotMine
		}
		return leaseState{}, nil
	})
	return err
}

func (l lease) update(ctx context.Context, change func(leaseState) (leaseState, error)) (bool, error) {
	err := store.UpdateJSON(ctx, l.documents, leaseDocument, change)
	if errors.Is(err, errNotMine) {
		return false, nil
	}
	return err == nil, err
}

var errNotMine = errors.New("another replica has the lease")
