package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A change whose answer was lost may have been made. To send it again could refuse, or make twice, what has happened already.
func TestChangeWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	proxy := newProxy(t, redistest.Start(t).Address())
	s := opened(t, "redis://"+proxy.address)
	err := s.UpdateDocument(t.Context(), "count", increment)
	if err != nil {
		t.Fatal(err)
	}
	proxy.loseAnswers.Store(true)
	if err := s.UpdateDocument(t.Context(), "count", increment); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change whose answer is lost: %v", err)
	}
	proxy.loseAnswers.Store(false)
	if got := proxy.lost.Load(); got != 1 {
		t.Errorf("the change was sent %d times", got)
	}
	redistest.Eventually(t, "the change arrives, once", func() bool {
		document, err := s.Document(t.Context(), "count")
		return err == nil && string(document) == "2"
	})
}

// proxy passes everything on to Redis, but can hang up when a script has been sent, before its answer comes.
type proxy struct {
	address     string
	loseAnswers atomic.Bool
	lost        atomic.Int32
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String()}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client, server)
		}
	}()
	return p
}

func (p *proxy) serve(client net.Conn, server string) {
	defer func() { _ = client.Close() }()
	upstream, err := new(net.Dialer).DialContext(context.Background(), "tcp", server)
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	go func() {
		_, _ = io.Copy(client, upstream)
		_ = client.Close()
	}()
	request := make([]byte, 1<<16)
	for {
		n, err := client.Read(request)
		if err != nil {
			return
		}
		lose := p.loseAnswers.Load() && bytes.Contains(bytes.ToLower(request[:n]), []byte("evalsha"))
		if lose {
			p.lost.Add(1)
			_ = client.Close()
		}
		if _, err := upstream.Write(request[:n]); err != nil {
			return
		}
		if lose {
			// Redis reads all that was sent before it sees the end.
			_, _ = io.Copy(io.Discard, upstream)
			return
		}
	}
}
