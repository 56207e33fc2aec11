package verify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	keysInterval     = 5 * time.Minute // how often the signing keys are fetched without a reason
	keysRetryFrom    = time.Second     // after a failure, doubling
	keysRetryUpTo    = 30 * time.Second
	unknownKIDPeriod = 10 * time.Second // forged tokens with a made-up kid must not make us a burden to the issuer
)

var errUnknownKID = errors.New("no signing key has its kid")

// keyring holds the signing keys as last fetched. It keeps using them while the issuer is unreachable.
type keyring struct {
	config  Config
	spawn   func(func(context.Context)) bool
	current atomic.Pointer[keySet] // never nil
	loaded  chan struct{}          // closed once there are keys

	mu      sync.Mutex
	flight  chan struct{} // closed when the fetch under way is over; nil if there is none
	failure error         // of the last fetch
	asked   time.Time     // when an unknown kid last started a fetch
}

func newKeyring(config Config, spawn func(func(context.Context)) bool) *keyring {
	ring := &keyring{
		config:  config,
		spawn:   spawn,
		loaded:  make(chan struct{}),
		failure: errors.New("the signing keys have not been fetched yet"),
	}
	ring.current.Store(&keySet{})
	return ring
}

// key returns the signing key with this kid. An unknown one may be new, so it is worth a fetch, at most once in
// unknownKIDPeriod. ErrUnavailable when the issuer could not be asked.
func (r *keyring) key(ctx context.Context, kid string) (*signingKey, error) {
	if key := r.current.Load().keys[kid]; key != nil {
		return key, nil
	}
	if flight := r.askAbout(); flight != nil {
		select {
		case <-flight:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
	if key := r.current.Load().keys[kid]; key != nil {
		return key, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, r.failure)
	}
	return nil, errUnknownKID
}

// askAbout returns a fetch to wait for: the one under way, or a new one, or nil while none is due.
func (r *keyring) askAbout() <-chan struct{} {
	now := r.config.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		return r.flight
	}
	if !r.asked.IsZero() && now.Sub(r.asked) < unknownKIDPeriod {
		return nil
	}
	r.asked = now
	return r.fetch()
}

// refresh starts a fetch, or joins the one under way.
func (r *keyring) refresh() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		return r.flight
	}
	return r.fetch()
}

// fetch needs r.mu. It is not tied to a request, so that a caller that hangs up does not end it for others.
func (r *keyring) fetch() <-chan struct{} {
	flight := make(chan struct{})
	r.flight = flight
	started := r.spawn(func(ctx context.Context) {
		set, err := r.load(ctx)
		if err == nil && r.current.Swap(set).keys == nil {
			close(r.loaded)
		}
		r.mu.Lock()
		r.flight, r.failure = nil, err
		r.mu.Unlock()
		close(flight)
		r.config.OnEvent(Event{Kind: EventKeys, URL: r.current.Load().metadata.JWKSURI, Err: err})
	})
	if !started {
		r.failure = errClosed
		close(flight)
	}
	return flight
}

func (r *keyring) load(ctx context.Context) (*keySet, error) {
	found, err := discover(ctx, r.config.HTTPClient, r.config.Issuer)
	if err != nil {
		return nil, err
	}
	var published jwks
	if err := fetchJSON(ctx, r.config.HTTPClient, found.JWKSURI, &published); err != nil {
		return nil, err
	}
	return newKeySet(found, published, r.config.Algorithms, r.current.Load())
}

// keepFresh fetches the signing keys now and again, after the first fetch, until ctx ends.
func (r *keyring) keepFresh(ctx context.Context, fetched <-chan struct{}) {
	retry := keysRetryFrom
	for ; ; fetched = r.refresh() {
		select {
		case <-fetched:
		case <-ctx.Done():
			return
		}
		wait := keysInterval
		if r.lastFailure() != nil {
			wait = retry
			retry = min(2*retry, keysRetryUpTo)
		} else {
			retry = keysRetryFrom
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

func (r *keyring) lastFailure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}
