package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// forgetAfter is how long a list is polled that no token asks about.
const forgetAfter = time.Hour

// statusLists are the lists in use, each polled by a goroutine of its own, so that a slow one does not hold up another.
type statusLists struct {
	config Config
	keys   *keyring
	parser *jwt.Parser
	spawn  func(func(context.Context)) bool

	mu      sync.RWMutex
	watched map[string]*watchedList // by URI
}

type watchedList struct {
	uri    string
	asked  chan struct{} // closed when the first fetch is over
	latest atomic.Pointer[statusList]
	used   atomic.Bool // since the last poll
}

func newStatusLists(config Config, keys *keyring, spawn func(func(context.Context)) bool) *statusLists {
	return &statusLists{config: config, keys: keys, parser: newParser(config), spawn: spawn, watched: make(map[string]*watchedList)}
}

// latest returns the list as last seen. It waits only where the list has never been asked for. ErrUnavailable if it has never been had.
func (s *statusLists) latest(ctx context.Context, uri string) (*statusList, error) {
	list, err := s.watch(uri)
	if err != nil {
		return nil, err
	}
	list.used.Store(true)
	select {
	case <-list.asked:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	latest := list.latest.Load()
	if latest == nil {
		return nil, fmt.Errorf("%w: there is no status list %s yet", ErrUnavailable, uri)
	}
	return latest, nil
}

// watch finds a list among those in use, or begins to use it.
func (s *statusLists) watch(uri string) (*watchedList, error) {
	s.mu.RLock()
	list := s.watched[uri]
	s.mu.RUnlock()
	if list != nil {
		return list, nil
	}
	if !strings.HasPrefix(uri, strings.TrimSuffix(s.config.Issuer, "/")+"/") {
		return nil, fmt.Errorf("its status list %q is not the issuer's", uri)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.watched[uri]; list != nil {
		return list, nil
	}
	list = &watchedList{uri: uri, asked: make(chan struct{})}
	if !s.spawn(func(ctx context.Context) { s.poll(ctx, list) }) {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, errClosed)
	}
	s.watched[uri] = list
	return list, nil
}

func (s *statusLists) poll(ctx context.Context, list *watchedList) {
	s.refresh(ctx, list)
	close(list.asked)
	for idle := time.Duration(0); idle < forgetAfter; idle += s.config.StatusInterval {
		if !pause(ctx, s.config.StatusInterval) {
			return
		}
		s.refresh(ctx, list)
		if list.used.Swap(false) {
			idle = 0
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watched, list.uri)
}

func (s *statusLists) refresh(ctx context.Context, list *watchedList) {
	asked := s.config.Now()
	fetched, err := s.fetch(ctx, list.uri, list.latest.Load())
	if err == nil {
		fetched.confirmedAt = asked
		list.latest.Store(fetched)
	}
	s.config.OnEvent(Event{Kind: EventStatusList, URL: list.uri, Err: err})
}

// fetch returns a list that nobody else has seen yet, also where the issuer says that it has not changed.
func (s *statusLists) fetch(ctx context.Context, uri string, before *statusList) (*statusList, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/statuslist+jwt")
	conditional := before != nil && before.etag != "" && s.config.Now().Before(before.expiresAt)
	if conditional {
		r.Header.Set("If-None-Match", before.etag)
	}
	body, header, err := do(s.config.HTTPClient, r, maxListAnswer)
	if errors.Is(err, errNotModified) && conditional {
		same := *before
		return &same, nil
	}
	if err != nil {
		return nil, err
	}
	var payload statusListToken
	if _, err := parseSigned(ctx, s.parser, s.keys, string(body), "statuslist+jwt", &payload); err != nil {
		return nil, err
	}
	if payload.Subject != uri {
		return nil, fmt.Errorf("it is the list %q", payload.Subject)
	}
	list, err := payload.unpack()
	if err != nil {
		return nil, err
	}
	list.etag = header.Get("ETag")
	return list, nil
}

// judge says whether a list lets an entry pass at now.
func (s *statusLists) judge(list *statusList, index uint64, now time.Time) error {
	status, err := list.status(index)
	switch {
	case err != nil:
		return err
	case status != 0:
		return ErrRevoked
	case !now.Before(list.expiresAt):
		return fmt.Errorf("%w: its status list has expired", ErrUnavailable)
	case s.config.WhenStale == FailClosed && now.Sub(list.confirmedAt) > s.config.StaleAfter:
		return fmt.Errorf("%w: its status list is stale", ErrUnavailable)
	}
	return nil
}
