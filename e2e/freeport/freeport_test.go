package freeport_test

import (
	"net"
	"strconv"
	"sync"
	"testing"

	"mintkey/e2e/freeport"
)

func TestNoPortIsGivenTwice(t *testing.T) {
	t.Parallel()
	const calls = 200
	got := make(chan string, calls)
	var wait sync.WaitGroup
	for range calls {
		wait.Go(func() {
			port, err := freeport.Port(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- port
		})
	}
	wait.Wait()
	close(got)
	seen := map[string]bool{}
	for port := range got {
		if number, err := strconv.Atoi(port); err != nil || number < 10_240 || number >= 20_240 {
			t.Errorf("port %q is outside of the range", port)
		}
		if seen[port] {
			t.Errorf("port %s was given twice", port)
		}
		seen[port] = true
	}
}

func TestTheAddressCanBeListenedOn(t *testing.T) {
	t.Parallel()
	address, err := freeport.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the address that was given: %v", err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}
