package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mintkey/policy"
	"mintkey/store"
)

func arrivalTwins() []twin {
	byID := func(s store.Store) store.Store { return arrivesByID{s} }
	return []twin{
		{"events oldest first", "gives the cursor's event again", func(s store.Store) store.Store { return repeatsAfter{s} }},
		{"arrivals in the order of commits", "goes by IDs", byID},
		{"arrivals in the order of commits", "gives no place to go on", func(s store.Store) store.Store { return endsArrivals{s} }},
		{"arrivals miss none while others write", "goes by IDs", byID},
		{"arrivals miss none while others write", "reads the last one again", func(s store.Store) store.Store { return repeatsArrival{s} }},
		{"arrivals go on at a position", "starts over", func(s store.Store) store.Store { return startsOver{s} }},
		{"arrivals at an unknown position", "takes it for the start", func(s store.Store) store.Store { return startsOver{s} }},
		{"arrivals at an unknown position", "takes it for the end", func(s store.Store) store.Store { return takesAnyPosition{s} }},
		{"an event recorded again arrives once", "records it again", func(s store.Store) store.Store { return &recordsAgain{Store: s} }},
		{"forgotten events are gone", "keeps them", func(s store.Store) store.Store { return keepsEvents{s} }},
		{"forgotten events are gone", "forgets one only", func(s store.Store) store.Store { return forgetsOne{s} }},
		{"arrivals at a forgotten position", "goes on in silence", func(s store.Store) store.Store { return skipsForgotten{s} }},
		{"arrivals at a forgotten position", "refuses who begins at the start", func(s store.Store) store.Store { return &minds{Store: s} }},
	}
}

type repeatsAfter struct{ store.Store }

func (b repeatsAfter) Events(ctx context.Context, accountID string, query store.EventsQuery) ([]policy.Event, error) {
	if query.After != "" {
		query.After = query.After[:len(query.After)-1]
	}
	return b.Store.Events(ctx, accountID, query)
}

// arrivesByID has IDs for positions.
type arrivesByID struct{ store.Store }

func (b arrivesByID) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	if after == "0" {
		after = ""
	}
	events, err := b.Events(ctx, accountID, store.EventsQuery{OldestFirst: true, After: after, Limit: limit})
	next := max(after, "0")
	var arrivals []store.Arrival
	for _, e := range events {
		next = e.ID
		arrivals = append(arrivals, store.Arrival{Position: e.ID, Event: e})
	}
	return arrivals, next, err
}

type endsArrivals struct{ store.Store }

func (b endsArrivals) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	arrivals, next, err := b.Store.Arrivals(ctx, accountID, after, limit)
	if len(arrivals) < limit {
		next = ""
	}
	return arrivals, next, err
}

type repeatsArrival struct{ store.Store }

func (b repeatsArrival) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	arrivals, next, err := b.Store.Arrivals(ctx, accountID, after, limit)
	if len(arrivals) > 1 {
		next = arrivals[len(arrivals)-2].Position
	}
	return arrivals, next, err
}

type startsOver struct{ store.Store }

func (b startsOver) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	all, next, err := b.Store.Arrivals(ctx, accountID, "", 1000)
	if after == next {
		return nil, next, err
	}
	return all[:min(len(all), limit)], next, err
}

type takesAnyPosition struct{ store.Store }

func (b takesAnyPosition) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	arrivals, next, err := b.Store.Arrivals(ctx, accountID, after, limit)
	if errors.Is(err, store.ErrPositionLost) {
		next = after
	}
	return arrivals, next, unless(err, store.ErrPositionLost)
}

// recordsAgain gives an event that it has already another ID.
type recordsAgain struct {
	store.Store
	number int
}

func (b *recordsAgain) RecordEvents(ctx context.Context, events ...policy.Event) error {
	again := slices.Clone(events)
	for i := range again {
		b.number++
		again[i].ID += fmt.Sprint("-", b.number)
	}
	return b.Store.RecordEvents(ctx, again...)
}

type keepsEvents struct{ store.Store }

func (keepsEvents) ForgetEvents(context.Context, string, ...policy.Event) error { return nil }

type forgetsOne struct{ store.Store }

func (b forgetsOne) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	return b.Store.ForgetEvents(ctx, accountID, events[:min(len(events), 1)]...)
}

type skipsForgotten struct{ store.Store }

func (b skipsForgotten) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	arrivals, next, err := b.Store.Arrivals(ctx, accountID, after, limit)
	if errors.Is(err, store.ErrPositionForgotten) {
		return b.Store.Arrivals(ctx, accountID, "", limit)
	}
	return arrivals, next, err
}

// minds refuses all positions from before the last event that was forgotten, though what is left begins there.
type minds struct {
	store.Store
	forgotten map[string]bool
}

func (b *minds) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	if b.forgotten == nil {
		b.forgotten = map[string]bool{}
	}
	arrivals, _, err := b.Store.Arrivals(ctx, accountID, "", 1000)
	if err != nil {
		return err
	}
	for _, arrival := range arrivals {
		b.forgotten[arrival.Position] = slices.ContainsFunc(events, func(e policy.Event) bool { return e.ID == arrival.Event.ID })
	}
	return b.Store.ForgetEvents(ctx, accountID, events...)
}

func (b *minds) Arrivals(ctx context.Context, accountID, after string, limit int) ([]store.Arrival, string, error) {
	for position, gone := range b.forgotten {
		if gone && after != "" && position > after {
			return nil, "", store.ErrPositionForgotten
		}
	}
	return b.Store.Arrivals(ctx, accountID, after, limit)
}
