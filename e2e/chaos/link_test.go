package chaos_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// link is the network between the servers and Redis.
type link struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

func newLink(t *testing.T, upstream string) *link {
	t.Helper()
	toxics.Register("cut", new(cut))
	toxi := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{t: t, proxy: toxiproxy.NewProxy(toxi, "redis", "127.0.0.1:0", upstream)}
	l.up()
	t.Cleanup(l.proxy.Stop)
	return l
}

func (l *link) address() string { return l.proxy.Listen }

// up and down let connections through, or break them all and refuse new ones.
func (l *link) up() {
	l.t.Helper()
	if err := l.proxy.Start(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *link) down() { l.proxy.Stop() }

// poison adds a toxic to every connection in one direction: to Redis is "upstream", from it "downstream".
func (l *link) poison(direction, kind string, attributes map[string]any) {
	l.t.Helper()
	text, err := json.Marshal(map[string]any{"name": kind + "-" + direction, "type": kind, "stream": direction, "attributes": attributes})
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.proxy.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
		l.t.Fatal(err)
	}
}

// heal takes every toxic away and aborts the connections that had them.
func (l *link) heal() {
	l.t.Helper()
	l.down()
	l.proxy.Toxics.ResetToxics(l.t.Context())
	l.up()
}

// cut is a toxic of our own, which toxiproxy lacks: of each piece of data, with some probability only the first half arrives, and the
// connection ends.
type cut struct {
	Percent int `json:"percent"`
}

// Pipe is called for each connection.
func (c *cut) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case piece := <-stub.Input:
			if piece == nil {
				stub.Close()
				return
			}
			if rand.IntN(100) < c.Percent {
				stub.Output <- &stream.StreamChunk{Data: piece.Data[:len(piece.Data)/2], Timestamp: piece.Timestamp}
				stub.Close()
				return
			}
			stub.Output <- piece
		}
	}
}
