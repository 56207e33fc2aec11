package main_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	main "mintkey/cmd/mintkey"
)

// Many more clients than may be connected, each of which would keep its connection: all are answered, and never are more connected.
func TestConnectionsBeyondTheMostWait(t *testing.T) {
	const most, clients = 4, 40
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open, peak atomic.Int64
	listener, handler := main.BoundListener(inner, most, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	server := &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			if now := open.Add(1); now > peak.Load() {
				peak.Store(now)
			}
		}
		if state == http.StateClosed {
			open.Add(-1)
		}
	}}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
			response, err := client.Get("http://" + inner.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		})
	}
	all.Wait()
	// A connection is counted as closed a moment after it has made room.
	if peak.Load() > 2*most {
		t.Errorf("%d were connected at once, want %d", peak.Load(), most)
	}
	_ = server.Close()
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

// A listener that is closed stops waiting for room.
func TestClosingEndsTheWaitForRoom(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, _ := main.BoundListener(inner, 1, http.NotFoundHandler())
	client, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	first, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := listener.Accept()
		failed <- err
	}()
	_ = listener.Close()
	if err := <-failed; err == nil {
		t.Error("a second connection was accepted")
	}
}
