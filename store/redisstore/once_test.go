package redisstore_test

import (
	"errors"
	"testing"

	"mintkey/store"
	"mintkey/store/redistest"
)

// A change whose answer was lost may have been made. To send it again could refuse, or make twice, what has happened already.
func TestChangeWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	proxy := newProxy(t, redistest.Start(t).Address())
	s := opened(t, "redis://"+proxy.address)
	err := s.UpdateDocument(t.Context(), "count", increment)
	if err != nil {
		t.Fatal(err)
	}
	proxy.loseAnswers.Store(true)
	if err := s.UpdateDocument(t.Context(), "count", increment); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a change whose answer is lost: %v", err)
	}
	proxy.loseAnswers.Store(false)
	if got := proxy.lost.Load(); got != 1 {
		t.Errorf("the change was sent %d times", got)
	}
	redistest.Eventually(t, "the change arrives, once", func() bool {
		document, err := s.Document(t.Context(), "count")
		return err == nil && string(document) == "2"
	})
}
