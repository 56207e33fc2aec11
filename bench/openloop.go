package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// steady sends requests at a fixed rate, however slow the answers are, and returns how long each took from the moment at which it was to be
// sent: what a driver that waits for answers leaves out. It returns the time at which 50 and 99 of 100 were answered.
func steady(ctx context.Context, perSecond float64, length time.Duration, build func(context.Context) (*http.Request, error)) (
	p50, p99 time.Duration, err error,
) {
	const atOnce = 512 // so many are under way at most; more wait, and their waiting counts
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	due := make(chan time.Time, int(perSecond*length.Seconds())+1)
	var group sync.WaitGroup
	var mu sync.Mutex
	var taken []time.Duration
	failures := 0
	for range atOnce {
		group.Go(func() {
			for at := range due {
				failed := sendOne(ctx, client, build) != nil
				mu.Lock()
				if failed {
					failures++
				}
				taken = append(taken, time.Since(at))
				mu.Unlock()
			}
		})
	}
	interval := time.Duration(float64(time.Second) / perSecond)
	for at, end := time.Now(), time.Now().Add(length); at.Before(end) && ctx.Err() == nil; at = at.Add(interval) {
		time.Sleep(time.Until(at))
		due <- at
	}
	close(due)
	group.Wait()
	if failures > 0 || len(taken) == 0 {
		return 0, 0, fmt.Errorf("%d of %d requests failed", failures, len(taken))
	}
	slices.Sort(taken)
	return taken[len(taken)/2], taken[len(taken)*99/100], nil
}

func sendOne(ctx context.Context, client *http.Client, build func(context.Context) (*http.Request, error)) error {
	request, err := build(ctx)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", request.URL.Path, response.Status)
	}
	return nil
}
