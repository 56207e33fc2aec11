package store

import "time"

// Operation is a kind of work that a store does.
type Operation int

// The operations.
const (
	Read   Operation = iota // of records
	Change                  // of records, until it is acknowledged
)

// String is the operation's name in metrics.
func (o Operation) String() string {
	if o == Change {
		return "change"
	}
	return "read"
}

// Meter measures what a store does. Its methods may be called from many goroutines.
type Meter interface {
	// Began returns the present.
	Began() time.Time
	// Ended is told when an operation that began then has ended, and whether it failed: because the store was away, full or damaged, and
	// not because of what was asked.
	Ended(operation Operation, began time.Time, failed bool)
}

// Measured is a store that can be measured. What is answered from the memory of this process is not.
type Measured interface {
	// Measure makes the store tell the meter of everything from now on.
	Measure(meter Meter)
}

// Measure measures the store behind the gate, if it can be.
func (g *Gate) Measure(meter Meter) {
	if inner, ok := g.Store.(Measured); ok {
		inner.Measure(meter)
	}
}
