package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// maxTokenLength is far above any token of a Mintkey issuer and about what a request header may hold.
const maxTokenLength = 16 << 10

// Verifier checks access tokens. All methods may be called from many goroutines.
type Verifier struct {
	config Config
	parser *jwt.Parser
	keys   *keyring
	lists  *statusLists
	pushed *pushed
	cache  *cache

	ctx    context.Context // of the background work
	cancel context.CancelFunc
	mu     sync.Mutex // orders spawn and Close
	work   sync.WaitGroup
}

// New begins to fetch the signing keys in the background, and asks the issuer nothing itself: the only errors are
// those of the configuration. The background work ends with ctx or with Close, and the Verifier with it.
func New(ctx context.Context, config Config) (*Verifier, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("configuring the verification of tokens: %w", err)
	}
	config = config.withDefaults()
	v := &Verifier{config: config, parser: newParser(config, jwt.WithIssuer(config.Issuer), jwt.WithAudience(config.Audience))}
	v.ctx, v.cancel = context.WithCancel(ctx)
	v.keys = newKeyring(config, v.spawn)
	v.lists = newStatusLists(config, v.keys, v.spawn)
	v.pushed = newPushed()
	v.cache = newCache(config.CacheSize)
	fetched := v.keys.refresh() // from here on, so that the first request finds it under way
	v.spawn(func(ctx context.Context) { v.keys.keepFresh(ctx, fetched) })
	if config.Push != nil {
		stream := &stream{config: config, keys: v.keys, pushed: v.pushed}
		v.spawn(stream.keepOpen)
	}
	return v, nil
}

// Close ends the background work and waits until it has ended. After it every token is ErrUnavailable.
func (v *Verifier) Close() {
	v.mu.Lock()
	v.cancel()
	v.mu.Unlock()
	v.work.Wait()
	v.config.HTTPClient.CloseIdleConnections()
}

// spawn starts background work, or says false when the Verifier is closed.
func (v *Verifier) spawn(task func(context.Context)) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ctx.Err() != nil {
		return false
	}
	v.work.Go(func() { task(v.ctx) })
	return true
}

// Verify judges a token now. The error is ErrInvalidToken (ErrExpired and ErrRevoked among them) or ErrUnavailable. ctx limits how
// long it may wait for the issuer, where it has to.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	claims, cached, err := v.judge(ctx, token)
	if err != nil && !errors.Is(err, ErrInvalidToken) && !errors.Is(err, ErrUnavailable) {
		err = fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	v.config.OnEvent(Event{Kind: EventVerified, Cached: cached, Err: err})
	if err != nil {
		return Claims{}, err
	}
	return claims, nil
}

func (v *Verifier) judge(ctx context.Context, token string) (claims Claims, cached bool, err error) {
	switch {
	case v.ctx.Err() != nil:
		return claims, false, fmt.Errorf("%w: %w", ErrUnavailable, errClosed)
	case len(token) > maxTokenLength:
		return claims, false, errors.New("it is too long")
	}
	var short [1 << 10]byte // on the stack, where most tokens fit
	digest := sha256.Sum256(append(short[:0], token...))
	known, cached := v.cache.get(digest, v.keys.current.Load())
	if !cached {
		if known, err = v.parse(ctx, token); err != nil {
			return claims, false, err
		}
	}
	if err := v.checkAlive(ctx, known.claims); err != nil {
		if errors.Is(err, ErrInvalidToken) {
			v.cache.remove(digest)
		}
		return claims, cached, err
	}
	if !cached {
		v.cache.add(digest, known, v.config.Now())
	}
	return known.claims, cached, nil
}

// checkAlive checks expiry and revocation, on every use. A token known to be dead is refused even if something else is out of reach.
func (v *Verifier) checkAlive(ctx context.Context, claims Claims) error {
	var list *statusList
	var missing error
	if claims.Status != nil {
		list, missing = v.lists.latest(ctx, claims.Status.URI)
	}
	now := v.config.Now()
	switch {
	case !now.Before(claims.ExpiresAt):
		return ErrExpired
	case v.pushed.revoked(claims):
		return ErrRevoked
	case missing != nil || claims.Status == nil:
		return missing
	default:
		return v.lists.judge(list, claims.Status.Index, now)
	}
}
