package store

// Availability is how a store that is reached over a network does at the moment.
type Availability struct {
	Up      bool // it can be reached, as far as is known
	Waiting int  // commands without an answer
}

// Availability is that of the store behind the gate. One that does not tell is a file, and always there.
func (g *Gate) Availability() Availability {
	if inner, ok := g.Store.(interface{ Availability() Availability }); ok {
		return inner.Availability()
	}
	return Availability{Up: true}
}
