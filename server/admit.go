package server

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"mintkey/server/admission"
	"mintkey/server/door"
	"mintkey/server/web"
)

const (
	// placesPerCPU is far more than a processor can work on, because a request may wait for the store or for a password to be checked; and
	// few enough that one that has just come in is not long behind those that are worked on.
	placesPerCPU = 32
	// doorPlacesPerCPU keeps a processor busy. With more, those that have just come in are noticed later, because Go looks at the network
	// when it has nothing else to do, and otherwise every 10 ms.
	doorPlacesPerCPU = 4
	// gatheredPerCPU is for a store that answers requests together, as they wait for each other there: so many can be answered at once.
	gatheredPerCPU = 16
	slowPerCPU     = 4 * placesPerCPU
	maxWaiting     = 20_000
	maxWait        = 2 * time.Second
	// readAhead is how much of a body is read before the request takes a place, so that slow clients hold none: the largest form.
	readAhead = web.MaxFormBytes + 1
)

// newQueue returns a queue for the requests of one kind.
func newQueue() *admission.Queue {
	return admission.New(admission.Options{Places: placesPerCPU * runtime.GOMAXPROCS(0), Waiting: maxWaiting, Wait: maxWait})
}

// newDoor returns the door, with places for what is worked on and for as many more as keep that going.
func (s *Server) newDoor() *door.Door {
	places, slow := doorPlacesPerCPU*runtime.GOMAXPROCS(0), slowPerCPU*runtime.GOMAXPROCS(0)
	if s.gatherer != nil {
		places = gatheredPerCPU * runtime.GOMAXPROCS(0)
	}
	queue := admission.New(admission.Options{Places: places, Slow: slow, Waiting: maxWaiting, Wait: maxWait})
	return door.New(door.Options{Queue: queue, Most: slow, Known: s.known, Address: s.clientAddress, Free: isFree, Now: s.realTime})
}

// isFree says whether requests for a path are answered from memory, or last: they wait for nobody, as without a queue in routes.go.
func isFree(path string) bool {
	for _, prefix := range []string{wellKnown, statusListPath, revocationsPath} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// Guard has the requests of a listener wait at the door, before net/http reads them.
func (s *Server) Guard(server *http.Server, l net.Listener) net.Listener {
	return s.door.Guard(server, l)
}

// OpenDoor lets in whoever waits at the door, before the server stops.
func (s *Server) OpenDoor(ctx context.Context) { s.door.Open(ctx) }

// admit lets a request be handled once it has a place in the queue.
func (s *Server) admit(queue *admission.Queue, handle web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *web.Request) error {
		if lost := s.Watch.Lost(); lost != nil {
			return lost
		}
		if door.Late(r.Context()) {
			s.metrics.TurnedAway(queueOfDoor)
			return web.ErrOverloaded
		}
		credentials, err := s.credentialsOf(r.Request)
		if err != nil {
			return err
		}
		lane, ok := s.known.Lane(credentials)
		if !ok {
			lane = r.Address
		}
		place, err := queue.Enter(r.Context(), lane)
		if admission.Full(err) {
			s.metrics.TurnedAway(s.nameOf(queue))
			return web.ErrOverloaded
		}
		if err != nil {
			return err
		}
		defer place.Leave()
		if s.gatherer != nil && queue == s.work {
			s.gatherer.RequestBegan()
			defer s.gatherer.RequestEnded()
		}
		work := handling{handle: handle, w: w, r: r}
		s.workers.Do(&work)
		err = work.err
		if err != nil {
			// Whoever is refused because a record is missing must not be refused because all are.
			if lost := s.Watch.Confirm(r.Context(), r.At); lost != nil {
				return lost
			}
		}
		if r.Tenant != "" {
			s.known.Learn(credentials, tenantLane, r.Tenant)
		}
		return err
	}
}

func (s *Server) nameOf(queue *admission.Queue) string {
	if queue == s.administration {
		return queueOfAdministration
	}
	return queueOfPrograms
}

// tenantLane is what the names of lanes of tenants begin with: no address does.
const tenantLane = "tenant "

// handling is a job for a worker.
type handling struct {
	handle web.Handler
	w      http.ResponseWriter
	r      *web.Request
	err    error
}

// Do implements admission.Job.
func (h *handling) Do() { h.err = h.handle(h.w, h.r) }

// credentialsOf is what the request authenticates with: the header Authorization or Cookie, or else the body, which it reads ahead.
func (s *Server) credentialsOf(r *http.Request) (admission.Credentials, error) {
	var body []byte
	if r.ContentLength != 0 {
		read, err := readBody(r)
		if err != nil {
			return 0, web.Refuse(web.ErrInvalidRequest, "The body could not be read.")
		}
		body = read
	}
	for _, header := range []string{"Authorization", "Cookie"} {
		if text := r.Header.Get(header); text != "" {
			return s.known.Of(text), nil
		}
	}
	return s.known.OfBytes(body), nil
}

// readBody reads the beginning of the body, and puts it back.
func readBody(r *http.Request) ([]byte, error) {
	body, err := web.ReadAhead(r.Body, r.ContentLength, readAhead)
	if err != nil {
		return nil, err
	}
	r.Body = body
	return body.Ahead(), nil
}
