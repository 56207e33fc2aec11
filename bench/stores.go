package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"mintkey/e2e/freeport"
	"mintkey/store/redisstore"
)

// kinds are the stores that are measured.
var kinds = []string{"bolt", "redis"}

// newStore is the URL of an empty store in the folder. The Redis is one of its own, which runs until done is called.
func newStore(ctx context.Context, dir folder, kind string) (url string, done func(), err error) {
	place, err := os.MkdirTemp(string(dir), kind+"-")
	if err != nil {
		return "", nil, err
	}
	if kind == "bolt" {
		return "bolt://" + place + "/mintkey.db", func() {}, nil
	}
	return startRedis(ctx, place)
}

// startRedis starts one that loses nothing, as operators are told to.
func startRedis(ctx context.Context, place string) (url string, done func(), err error) {
	address, err := freeport.Address(ctx)
	if err != nil {
		return "", nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "--bind", host, "--port", port, "--dir", place, "--save", "", "--appendonly", "yes",
		"--appendfsync", "always", "--maxmemory-policy", "noeviction")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	p := &process{name: "redis-server", cmd: cmd}
	url = "redis://" + address + "/0"
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		opened, err := redisstore.Open(ctx, url)
		if err == nil {
			return url, p.stop, opened.Close()
		}
		if time.Since(began) > time.Minute {
			p.stop()
			return "", nil, fmt.Errorf("redis-server at %s: %w", address, err)
		}
	}
}
