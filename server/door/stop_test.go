package door_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// A server that stops waits for no client that never writes the rest of a request, and for none whose requests are answered already: that
// would take the time that open requests have to finish, and they were cut off.
func TestOpenWaitsForNobodyInVain(t *testing.T) {
	get := "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"
	head := get + fmt.Sprintf("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", len(get))
	for name, test := range map[string]struct {
		most    int // with 0, connections wait outside
		writes  []string
		answers int
	}{
		"a byte, inside":           {most: 10, writes: []string{"G"}},
		"a byte, outside":          {writes: []string{"G"}},
		"half a head, inside":      {most: 10, writes: []string{get, "GET /ge"}, answers: 1},
		"half a head, outside":     {writes: []string{get, "GET /ge"}, answers: 1},
		"a body behind a head":     {most: 10, writes: []string{head, get[1:] + "x"}, answers: 2},
		"half a body":              {most: 10, writes: []string{head, "x"}, answers: 1},
		"a body that is a request": {most: 10, writes: []string{head, get}, answers: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, test.most, 4, time.Minute, echo)
			c, r := g.dial()
			for _, text := range test.writes {
				time.Sleep(20 * time.Millisecond) // so that each is likely read alone
				_, _ = io.WriteString(c, text)
			}
			for range test.answers {
				if _, _, err := answer(r); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(20 * time.Millisecond) // what was written last is likely read
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if g.Open(ctx); ctx.Err() != nil {
				t.Error("it waits until its time is over")
			}
		})
	}
}

// net/http ends a head at an empty line however it ends, and may so have the next request already when it has answered.
func TestAnotherRequestInTheBufferIsNotCancelled(t *testing.T) {
	g := guard(t, 0, 4, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(30 * time.Millisecond) // a connection that was taken back looks like one whose client has gone
		_, _ = fmt.Fprint(w, r.URL.Path, " ", r.Context().Err())
	})
	c, r := g.dial()
	_, _ = io.WriteString(c, "GET /1 HTTP/1.1\nHost: h\n\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
	for _, want := range []string{"/1 <nil>", "/2 <nil>"} {
		if _, got, err := answer(r); err != nil || got != want {
			t.Errorf("%q: %v, want %q", got, err, want)
		}
	}
}
