package passwords

// Hold takes every slot until the function that it returns is called.
func (h *Hasher) Hold() (release func()) {
	for range cap(h.slots) {
		h.waiting <- struct{}{}
		h.slots <- struct{}{}
	}
	return func() {
		for range cap(h.slots) {
			<-h.slots
			<-h.waiting
		}
	}
}
