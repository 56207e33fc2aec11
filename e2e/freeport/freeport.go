// Package freeport finds ports for the servers that tests start.
//
// Asking the kernel for a port (":0"), closing it and handing the number to a server is a race: the next outgoing connection of any
// process may take that number before the server does. Ports of this package lie below those that kernels give out by
// themselves, and a lock file keeps each for the process that got it until that process ends, so tests of several packages can
// run at once.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The range ends where others begin: a node of a Redis Cluster takes the port that is 10,000 higher too, and Linux gives out 32768
// and up, other systems 49152 and up.
const (
	first = 10_240
	count = 10_000
)

// Address is an address of 127.0.0.1 on which nobody listens, and which no later call gives out, in this process or another that
// uses this package, while this process lives. It is safe for concurrent use.
func Address(ctx context.Context) (string, error) {
	folder := filepath.Join(os.TempDir(), "mintkey-test-ports-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	start := rand.IntN(count) //nolint:gosec // only spreads processes over the range
	for i := range count {
		port := strconv.Itoa(first + (start+i)%count)
		address := net.JoinHostPort("127.0.0.1", port)
		taken, err := take(filepath.Join(folder, port))
		if err != nil {
			return "", err
		}
		if taken && free(ctx, address) {
			return address, nil
		}
	}
	return "", fmt.Errorf("no port is free from %d to %d", first, first+count-1)
}

// Port is the port of an Address.
func Port(ctx context.Context) (string, error) {
	address, err := Address(ctx)
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	return port, err
}

// take locks the file and says whether it could. The descriptor stays open, and with it the lock, until the process ends.
func take(path string) (bool, error) {
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return false, fmt.Errorf("open %s: %w", path, err)
	}
	err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return true, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, syscall.Close(fd)
	}
	return false, errors.Join(fmt.Errorf("lock %s: %w", path, err), syscall.Close(fd))
}

func free(ctx context.Context, address string) bool {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	return err == nil && listener.Close() == nil
}
