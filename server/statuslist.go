package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

const (
	statusListPath = "/oauth2/status-lists/"
	// statusListTTL is how long a gateway may keep a list. With its own polling it makes the ten seconds that are promised.
	statusListTTL = 5 * time.Second
	// A list may be believed when the issuer cannot be reached for as long as a token lives, and this much more.
	statusListSlack  = 5 * time.Minute
	statusListResign = statusListSlack / 2
)

// statusLists signs the status lists and keeps each until it changes or ages.
type statusLists struct {
	mu     sync.Mutex
	signed map[uint64]signedList
}

type signedList struct {
	text    string
	entries []uint64
	at      time.Time
}

func (l signedList) fresh(entries []uint64, now time.Time) bool {
	age := now.Sub(l.at)
	return l.text != "" && age >= 0 && age < statusListResign && slices.Equal(l.entries, entries)
}

// statusReference is where a gateway finds the status of a secret's tokens.
func (s *Server) statusReference(index uint64) *tokens.Status {
	if index == 0 {
		return nil
	}
	list, entry := index/tokens.StatusListSize, index%tokens.StatusListSize
	return &tokens.Status{StatusList: tokens.StatusReference{Index: int(entry), URI: s.statusListURI(list)}}
}

func (s *Server) statusListURI(list uint64) string {
	return s.issuer + statusListPath + strconv.FormatUint(list, 10)
}

// statusList serves one list (draft-ietf-oauth-status-list-21 section 8).
func (s *Server) statusList(w http.ResponseWriter, r *web.Request) error {
	text := r.PathValue("n")
	list, err := strconv.ParseUint(text, 10, 32)
	if err != nil || strconv.FormatUint(list, 10) != text {
		return store.ErrNotFound
	}
	signed, err := s.signStatusList(r.Context(), list, r.At)
	if err != nil {
		return err
	}
	cache := fmt.Sprintf("public, max-age=%d", int(statusListTTL.Seconds()))
	web.ServeDocument(w, r.Request, "application/"+tokens.TypeStatusList, cache, []byte(signed))
	return nil
}

func (s *Server) signStatusList(ctx context.Context, list uint64, now time.Time) (string, error) {
	if err := s.feed.ensure(ctx); err != nil {
		return "", err
	}
	entries := s.feed.entries(list)
	s.lists.mu.Lock()
	defer s.lists.mu.Unlock()
	if known := s.lists.signed[list]; known.fresh(entries, now) {
		return known.text, nil
	}
	count, err := s.indexes.Count(ctx)
	if err != nil {
		return "", err
	}
	if list > count/tokens.StatusListSize {
		return "", store.ErrNotFound
	}
	var bits tokens.StatusList
	for _, entry := range entries {
		bits.Revoke(entry)
	}
	signed, err := s.ring.SignStatusList(now, s.audiences[0].Algorithm, s.statusListURI(list), &bits, statusListTTL, s.lifetime+statusListSlack)
	if err == nil {
		s.lists.signed[list] = signedList{signed, entries, now}
	}
	return signed, err
}
