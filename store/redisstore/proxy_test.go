package redisstore_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// proxy passes everything on to Redis, but can hang up when a script has been sent, before its answer comes, or hold a script back.
type proxy struct {
	address     string
	loseAnswers atomic.Bool
	lost        atomic.Int32
	held        atomic.Pointer[held]
}

// held is what happens before a script is passed on that names the key.
type held struct {
	key    string
	before func()
}

// hold holds back, once, the next script that names the key until the function has returned.
func (p *proxy) hold(key string, before func()) { p.held.Store(&held{key, before}) }

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
		script := bytes.Contains(bytes.ToLower(request[:n]), []byte("evalsha"))
		if h := p.held.Load(); h != nil && script && bytes.Contains(request[:n], []byte(h.key)) && p.held.CompareAndSwap(h, nil) {
			h.before()
		}
		lose := p.loseAnswers.Load() && script
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
