package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"mintkey/server/revocation"
)

const (
	flushEvery  = time.Second            // how far last access may lag; the rule allows 60 s (R7)
	followEvery = 300 * time.Millisecond // how soon a replica sees the revocations and the signing keys of another replica
	// operatorsEvery is how old the number of access keys, the outbox and the last backup may be in the metrics.
	operatorsEvery = 10 * time.Second
	watchEvery     = time.Second // how soon a store that was emptied, or went back, is noticed without any request
	cleanUpEvery   = 10 * time.Minute
)

// Run does the background work until ctx ends: it flushes the usage recorders, follows revocations and the rotation of signing keys, and
// deletes expired records. It flushes once more before it returns nil.
func (s *Server) Run(ctx context.Context) error {
	var work sync.WaitGroup
	work.Go(func() { s.refreshLists(ctx) }) // soon: the store may be away later
	work.Go(func() { s.readForOperators(ctx) })
	work.Go(func() { s.leaks.Run(ctx) })
	for _, task := range []struct {
		every time.Duration
		do    func(context.Context)
	}{
		{flushEvery, s.flush},
		{followEvery, s.refreshKeys},
		{followEvery, s.followRevocations},
		{watchEvery, s.watchStore},
		{operatorsEvery, s.readForOperators},
		{revocation.RefreshEvery, s.refreshLists},
		{cleanUpEvery, s.deleteExpired},
	} {
		work.Go(func() {
			tick := time.NewTicker(task.every)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					task.do(ctx)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	work.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	s.flush(last)
	return nil
}

func (s *Server) flush(ctx context.Context) { s.usage.Flush(ctx, s.Now()) }

func (s *Server) refreshKeys(ctx context.Context) {
	if s.Watch.Lost() != nil {
		return // those that the store has now, if any, are another store's
	}
	if err := s.KeyRing.Refresh(ctx, s.Now()); ctx.Err() == nil {
		s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "refreshing signing keys failed; using the known ones")
	}
}

// watchStore also reads how many status indexes were handed out, so that it is known how far a history has gone back.
func (s *Server) watchStore(ctx context.Context) {
	err := s.Watch.Check(ctx, s.Now())
	if err == nil {
		_, err = s.indexes.Lists(ctx)
	}
	if ctx.Err() == nil && s.Watch.Lost() == nil {
		s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "looking at the store failed; will retry")
	}
}

func (s *Server) followRevocations(ctx context.Context) {
	if s.Watch.Lost() != nil {
		return // what this server remembers does not belong into a store that was emptied
	}
	err := s.revocations.Sync(ctx)
	if err == nil {
		s.watched.followed.Store(s.realTime().UnixNano())
	}
	if ctx.Err() == nil {
		s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "reading revocations failed; will retry")
	}
}

func (s *Server) refreshLists(ctx context.Context) {
	err := s.lists.Refresh(ctx, s.Now())
	if err == nil {
		s.watched.listed.Store(s.realTime().UnixNano())
	}
	if ctx.Err() == nil {
		s.Outages.Note(ctx, s.Log, slog.LevelWarn, s.Now(), err, "refreshing status lists failed; using the known ones")
	}
}

func (s *Server) deleteExpired(ctx context.Context) {
	now := s.Agreed.Until(ctx, s.Now())
	for _, err := range []error{
		s.revocations.Forget(ctx, now),
		s.Store.ForgetEphemera(ctx, now),
		s.Store.ForgetTraffic(ctx, now),
	} {
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "deleting expired records failed; will retry", slog.Any("error", err))
		}
	}
}
