package store

import (
	"context"
	"slices"
	"time"
)

// outbox records the event of each entry again, which only announces it again, and then restores the state of the entry.
func (c *copying) outbox(ctx context.Context) error {
	return c.from.EachOutboxEntry(ctx, func(entry OutboxEntry, due time.Time) error {
		event := entry.Event
		event.Announce = true
		if err := c.to.RecordEvents(ctx, event); err != nil {
			return err
		}
		return c.to.PostponeOutbox(ctx, entry, due)
	})
}

// revocations get new IDs, in the same order.
func (c *copying) revocations(ctx context.Context) error {
	for after := ""; ; {
		revocations, err := c.from.Revocations(ctx, after, copyBatch)
		if err != nil || len(revocations) == 0 {
			return err
		}
		if err := c.to.RecordRevocations(ctx, revocations...); err != nil {
			return err
		}
		after = revocations[len(revocations)-1].ID
	}
}

func (c *copying) ephemera(ctx context.Context) error {
	return c.from.EachEphemeral(ctx, func(key string, value []byte, expires time.Time) error {
		return c.to.PutEphemeral(ctx, key, value, expires)
	})
}

func (c *copying) documents(ctx context.Context) error {
	names, err := c.from.DocumentNames(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == documentServers {
			continue // they run on the other store
		}
		document, err := c.from.Document(ctx, name)
		if err != nil {
			return err
		}
		if err := c.to.UpdateDocument(ctx, name, func([]byte) ([]byte, error) { return document, nil }); err != nil {
			return err
		}
	}
	if !slices.Contains(names, documentEpoch) {
		return nil
	}
	return RenewEpoch(ctx, c.to)
}

func (c *copying) traffic(ctx context.Context) error {
	waiting := map[TrafficRecord]TrafficCells{}
	flush := func() error {
		err := c.to.AddTrafficRecords(ctx, waiting)
		clear(waiting)
		return err
	}
	err := c.from.EachTrafficRecord(ctx, func(record TrafficRecord, cells TrafficCells) error {
		waiting[record] = cells
		if len(waiting) < copyBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (c *copying) usedIDs(ctx context.Context) error {
	var waiting []string
	flush := func() error {
		err := c.to.AddUsedIDs(ctx, waiting...)
		waiting = nil
		return err
	}
	err := c.from.EachUsedID(ctx, func(digest string) error {
		waiting = append(waiting, digest)
		if len(waiting) < copyBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
