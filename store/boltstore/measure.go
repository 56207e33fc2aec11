package boltstore

import (
	"errors"
	"sync/atomic"
	"time"

	"mintkey/store"
)

// meter measures transactions once Measure was called.
type meter struct{ told atomic.Pointer[store.Meter] }

// Measure implements store.Measured. A transaction is one operation; that of a change lasts until it is on the disk, with the wait for
// those before it.
func (s *Store) Measure(m store.Meter) { s.meter.told.Store(&m) }

// began is the zero time where nothing is measured.
func (m *meter) began() time.Time {
	if told := m.told.Load(); told != nil {
		return (*told).Began()
	}
	return time.Time{}
}

func (m *meter) ended(operation store.Operation, began time.Time, err error) {
	if told := m.told.Load(); told != nil && !began.IsZero() {
		(*told).Ended(operation, began, errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrDamaged))
	}
}
