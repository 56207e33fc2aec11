package web

import "io"

// Body is a request's body whose beginning was read ahead.
type Body struct {
	ahead []byte // what was read and not yet asked for
	rest  io.ReadCloser
	space [128]byte // of ahead: most forms fit in
}

// ReadAhead reads a body of the size, -1 if that is unknown, or the beginning if it is larger than most.
func ReadAhead(body io.ReadCloser, size, most int64) (*Body, error) {
	b := &Body{rest: body}
	var err error
	switch {
	case size < 0 || size > most:
		b.ahead, err = io.ReadAll(io.LimitReader(body, most))
	case size <= int64(len(b.space)):
		b.ahead = b.space[:size]
		_, err = io.ReadFull(body, b.ahead)
	default:
		b.ahead = make([]byte, size)
		_, err = io.ReadFull(body, b.ahead)
	}
	return b, err
}

// Ahead is what was read ahead.
func (b *Body) Ahead() []byte { return b.ahead }

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	if len(b.ahead) == 0 {
		return b.rest.Read(p)
	}
	n := copy(p, b.ahead)
	b.ahead = b.ahead[n:]
	return n, nil
}

// Close implements io.Closer.
func (b *Body) Close() error { return b.rest.Close() }
