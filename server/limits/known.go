package limits

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mintkey/store"
)

const (
	// KnownFor is how long a device or address stays known after the last sign-in from it.
	KnownFor = 30 * 24 * time.Hour
	// maxKnown is how many devices and addresses are kept for one user: the ones used last.
	maxKnown = 20
	// renewEvery avoids a write at every sign-in from a known place.
	renewEvery = 24 * time.Hour
)

// Memory stores known devices and addresses; store.Ephemera implements it.
type Memory interface {
	Ephemeral(ctx context.Context, key string) ([]byte, error)
	PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error
}

// Visitor is where and when a password is tried.
type Visitor struct {
	Address string
	Device  string // the last device that Remember was given for this browser; may be empty
	At      time.Time
}

// knownPlace is a device or an address from which the user signed in.
type knownPlace struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

func knownKey(u User) string { return "known-places/" + digest(u.key) }

// places returns the digests by which the visitor may be known.
func (v Visitor) places() []string {
	places := []string{digest("address/" + network(v.Address))}
	if v.Device != "" {
		places = append(places, digest("device/"+v.Device))
	}
	return places
}

// Remember records the visitor's address as known for the user and, if device is not empty, replaces the visitor's device with it. Call
// it after a sign-in. It is best effort: of two concurrent sign-ins only one may be remembered.
func (l *Limiter) Remember(ctx context.Context, u User, v Visitor, device string) error {
	known, err := l.known(ctx, u, v.At)
	if err != nil {
		return err
	}
	fresh := func(p knownPlace) bool { return p.Digest == v.places()[0] && v.At.Sub(p.At) < renewEvery }
	if device == "" && slices.ContainsFunc(known, fresh) {
		return nil
	}
	gone := v.places()
	if device == "" {
		gone = gone[:1]
	}
	known = slices.DeleteFunc(known, func(p knownPlace) bool { return slices.Contains(gone, p.Digest) })
	for _, place := range (Visitor{Address: v.Address, Device: device}).places() {
		known = append(known, knownPlace{place, v.At})
	}
	value, err := json.Marshal(known[max(0, len(known)-maxKnown):])
	if err != nil {
		return fmt.Errorf("write known places: %w", err)
	}
	return l.places.PutEphemeral(ctx, knownKey(u), value, v.At.Add(KnownFor))
}

// knows reports whether the user has signed in from the visitor's device or address before.
func (l *Limiter) knows(ctx context.Context, u User, v Visitor) bool {
	known, err := l.known(ctx, u, v.At)
	return err == nil && slices.ContainsFunc(known, func(p knownPlace) bool { return slices.Contains(v.places(), p.Digest) })
}

// KnowsDevice is like knows for the device alone: others may sign in from the same address.
func (l *Limiter) KnowsDevice(ctx context.Context, u User, v Visitor) bool {
	known, err := l.known(ctx, u, v.At)
	return err == nil && v.Device != "" && slices.ContainsFunc(known, func(p knownPlace) bool { return p.Digest == v.places()[1] })
}

// known returns the user's known places, the most recently used last.
func (l *Limiter) known(ctx context.Context, u User, now time.Time) (known []knownPlace, err error) {
	value, err := l.places.Ephemeral(ctx, knownKey(u))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(value, &known); err != nil {
		return nil, fmt.Errorf("read known places: %w", err)
	}
	return slices.DeleteFunc(known, func(p knownPlace) bool { return now.Sub(p.At) >= KnownFor }), nil
}
