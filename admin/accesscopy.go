package admin

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// In a tenant of more than accessesRead keys, the order and the counts of tables go by access times that are read at most once in
// accessLag. The access times that a page shows are always read for that page.
const (
	accessesRead = 5000
	accessLag    = 30 * time.Second
)

// accessCopies caches the access times of a few large tenants.
type accessCopies struct {
	mu       sync.Mutex
	byTenant map[string]accessCopy
}

type accessCopy struct {
	at    time.Time
	times map[string]time.Time // never changed
}

const accessesHeld = 4

func (a *accessCopies) get(tenantID string, now time.Time) (map[string]time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held, ok := a.byTenant[tenantID]
	return held.times, ok && now.Sub(held.at).Abs() < accessLag
}

func (a *accessCopies) put(tenantID string, c accessCopy) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byTenant == nil {
		a.byTenant = map[string]accessCopy{}
	}
	a.byTenant[tenantID] = c
	for len(a.byTenant) > accessesHeld {
		oldest := tenantID
		for id, held := range a.byTenant {
			if held.at.Before(a.byTenant[oldest].at) {
				oldest = id
			}
		}
		delete(a.byTenant, oldest)
	}
}

// accessTimes returns when the keys of the members were last used, by client ID.
func (s *Service) accessTimes(ctx context.Context, tenantID string, members []*listedMember, now time.Time) (map[string]time.Time, error) {
	if held, ok := s.accesses.get(tenantID, now); ok {
		return held, nil
	}
	var ids []string
	for _, m := range members {
		for i := range m.keys {
			ids = append(ids, m.keys[i].clientID)
		}
	}
	times := map[string]time.Time{}
	for some := range slices.Chunk(ids, walkSize) {
		found, err := s.Store.AccessTimes(ctx, tenantID, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(times, found)
		for id, use := range s.recentAccess(tenantID, some) {
			if use.At.After(times[id]) {
				times[id] = use.At
			}
		}
	}
	if len(ids) > accessesRead {
		s.accesses.put(tenantID, accessCopy{now, times})
	}
	return times, nil
}
