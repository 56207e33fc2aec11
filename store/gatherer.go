package store

// Gatherer is a store that answers the reads of several requests together. Once it knows how many are under way, it can wait a moment for
// those that are about to read, and need not be asked again for them. Its methods may be called from many goroutines.
type Gatherer interface {
	// RequestBegan says that a request is under way that is likely to read a subject. Whoever calls it calls RequestEnded later.
	RequestBegan()
	// RequestEnded says that such a request is over.
	RequestEnded()
}

// GathererOf returns the store, or what is behind the gate, if that is a Gatherer, and otherwise nil.
func GathererOf(s Store) Gatherer {
	if gate, ok := s.(*Gate); ok {
		s = gate.Store
	}
	gatherer, _ := s.(Gatherer)
	return gatherer
}
