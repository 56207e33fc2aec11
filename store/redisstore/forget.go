package redisstore

import (
	"context"

	"mintkey/policy"
)

// forgottenKey notes the last place of the oldest ones whose events are all gone: who has come less far has missed an event.
func forgottenKey(accountID string) string { return ofAccount(accountID).key("arrived-forgotten") }

func (s *Store) forgottenUpTo(ctx context.Context, accountID string) (string, error) {
	note, err := s.get(ctx, forgottenKey(accountID))
	if !note.exists {
		return noArrival, err
	}
	return note.value, err
}

// ForgetEvents implements store.AuditTrail. What is to be forgotten is noted before it is deleted, so that nobody passes over it unawares.
func (s *Store) ForgetEvents(ctx context.Context, accountID string, events ...policy.Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := s.noteForgotten(ctx, accountID, events); err != nil {
		return err
	}
	pipe := s.client.Pipeline()
	for _, event := range events {
		for _, at := range homes(event) {
			from, to := rangeOfEvent(event.ID)
			pipe.ZRemRangeByLex(ctx, at.trailKey(), from, to)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, err)
	}
	return s.forgetArrivals(ctx, accountID)
}

// noteForgotten notes how far the trail is gone once these events are.
func (s *Store) noteForgotten(ctx context.Context, accountID string, events []policy.Event) error {
	going := make(map[string]bool, len(events))
	for _, event := range events {
		going[event.ID] = true
	}
	return untilSaved(ctx, func() (bool, error) {
		note, err := s.get(ctx, forgottenKey(accountID))
		if err != nil {
			return false, err
		}
		last, err := s.goneUpTo(ctx, accountID, going)
		if err != nil || last == noArrival || note.exists && !laterEntry(last, note.value) {
			return true, err
		}
		var c change
		c.put(note, last)
		c.evenIfFull("PERSIST", note.key) // old events go while memory is full
		return s.commit(ctx, c)
	})
}

// goneUpTo returns the last place before the first event that is there and stays.
func (s *Store) goneUpTo(ctx context.Context, accountID string, going map[string]bool) (last string, err error) {
	for last = noArrival; ; {
		entries, err := s.client.XRangeN(ctx, arrivedKey(accountID), "("+last, "+", batch).Result()
		if err != nil {
			return "", unavailable(ctx, err)
		}
		texts, err := s.eventsAt(ctx, entries)
		if err != nil {
			return "", err
		}
		for i, entry := range entries {
			if id, _ := entry.Values[eventField].(string); texts[i] != "" && !going[id] {
				return last, nil
			}
			last = entry.ID
		}
		if len(entries) < batch {
			return last, nil
		}
	}
}

// forgetArrivals removes the oldest entries whose events are gone, but not the last one of all.
func (s *Store) forgetArrivals(ctx context.Context, accountID string) error {
	for {
		entries, err := s.client.XRangeN(ctx, arrivedKey(accountID), "-", "+", batch).Result()
		if err != nil {
			return unavailable(ctx, err)
		}
		if len(entries) < 2 {
			return nil
		}
		texts, err := s.eventsAt(ctx, entries)
		if err != nil {
			return err
		}
		var over []string
		for i, entry := range entries[:len(entries)-1] {
			if texts[i] == "" {
				over = append(over, entry.ID)
			}
		}
		if len(over) == 0 {
			return nil
		}
		if err := s.client.XDel(ctx, arrivedKey(accountID), over...).Err(); err != nil {
			return unavailable(ctx, err)
		}
		if len(over) < len(entries)-1 {
			return nil
		}
	}
}
