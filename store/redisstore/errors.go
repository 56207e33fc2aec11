package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"mintkey/store"
)

// unavailable wraps an error of Redis, or of the connection to it, for the caller. Only the text of the error is kept:
// a time-out inside the client must not be taken for the end of the caller's context.
func unavailable(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("redis: %w", ended)
	}
	if why := whyNoChanges(err); why != "" {
		return fmt.Errorf("%w: %s", store.ErrTakesNoChanges, why)
	}
	if errors.Is(err, errInDoubt) {
		return fmt.Errorf("%w: %s", store.ErrPrimaryInDoubt, err.Error())
	}
	return fmt.Errorf("%w: %s", store.ErrUnavailable, err.Error())
}

// whyNoChanges says for operators why Redis refuses every change, and what to do; it is empty for any other error.
func whyNoChanges(err error) string {
	code, _, _ := strings.Cut(err.Error(), " ")
	switch code {
	case "NOREPLICAS":
		return "Redis has fewer replicas in step than its min-replicas-to-write (NOREPLICAS): bring one back, or, if none will return, " +
			"set min-replicas-to-write to 0 and run mintkey store replicas forget"
	case "OOM":
		return "the memory of Redis is full (OOM): raise maxmemory"
	case "MISCONF":
		return "Redis cannot save to its disk (MISCONF): its log says why"
	case "READONLY":
		return "this Redis is a replica (READONLY): it was demoted a moment ago, or the store names the wrong one"
	}
	return ""
}

// saving remembers why Redis refused the last change.
type saving struct{ refusal atomic.Pointer[error] }

func (s *saving) note(why string) {
	if why != "" {
		err := errors.New(why)
		s.refusal.Store(&err)
	} else if s.refusal.Load() != nil {
		s.refusal.Store(nil)
	}
}

// ChangesRefused says why Redis refused the last change, as for want of memory or replicas; nil after one that it took. It does not try.
// In a Cluster each master has its own reasons, and this is the last one's that was asked.
func (s *Store) ChangesRefused() error {
	if refusal := s.saving.refusal.Load(); refusal != nil {
		return *refusal
	}
	return nil
}

func encode(record any) (string, error) {
	text, err := store.EncodeRecord(record)
	return string(text), err
}

func decode[T any](text string) (T, error) { return store.DecodeRecord[T]([]byte(text)) }
