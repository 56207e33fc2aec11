package notify

import (
	"context"
	"errors"
	netmail "net/mail"
	"sync"

	"mintkey/policy"
)

// recipient is one of several who get a message about the same event, each their own.
type recipient struct {
	id      string // of the message: the same each time that it is sent
	content message
	to      *netmail.Address
}

// sendEach writes to each of several. One who can't be reached keeps nobody else from the message, and when the event is delivered again
// because of that one, whoever has the message does not get it once more; should another server deliver it, or this one after a new start,
// they get it with the same Message-ID. missing is why others could not be found, for whom the event is delivered again.
func (m *Mail) sendEach(ctx context.Context, template messageTemplate, event policy.Event, all []recipient, missing error) error {
	passing, permanent := missing, error(nil)
	for _, one := range all {
		if m.reached.has(event.ID, one.id) {
			continue
		}
		err := m.send(ctx, template, event, one.id, one.content, one.to)
		switch {
		case err == nil:
			m.reached.add(event.ID, one.id)
		case errors.Is(err, ErrPermanent):
			permanent = errors.Join(permanent, err)
		default:
			passing = errors.Join(passing, err)
		}
	}
	if passing != nil {
		return passing
	}
	m.reached.forget(event.ID)
	return permanent
}

// maxReached bounds the memory for events that are never done, because another server delivers them in the end.
const maxReached = 1000

// reached remembers who has their message about events that are delivered again because somebody else has not.
type reached struct {
	mu     sync.Mutex
	events map[string]map[string]bool // by event, the IDs of messages
}

func (r *reached) has(eventID, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[eventID][id]
}

func (r *reached) add(eventID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events[eventID] == nil {
		if r.events == nil || len(r.events) >= maxReached {
			r.events = map[string]map[string]bool{}
		}
		r.events[eventID] = map[string]bool{}
	}
	r.events[eventID][id] = true
}

func (r *reached) forget(eventID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.events, eventID)
}
