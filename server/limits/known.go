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
	// KnownFor is how long a device or address is known after its last sign-in.
	KnownFor = 30 * 24 * time.Hour
	// maxKnown is how many devices and addresses are known for one user: those that were used last.
	maxKnown = 20
	// renewEvery saves a write at each sign-in from a place that is known.
	renewEvery = 24 * time.Hour
)

// Memory is where known devices and addresses are kept: store.Ephemera has it.
type Memory interface {
	Ephemeral(ctx context.Context, key string) ([]byte, error)
	PutEphemeral(ctx context.Context, key string, value []byte, expires time.Time) error
}

// Visitor is where a password is tried from, and when.
type Visitor struct {
	Address string
	Device  string // what Remember was last given as a device for this browser; empty where there is none
	At      time.Time
}

// knownPlace is a device or an address from which the user signed in.
type knownPlace struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

func knownKey(u User) string { return "known-places/" + digest(u.key) }

// places are by what the visitor may be known.
func (v Visitor) places() []string {
	places := []string{digest("address/" + network(v.Address))}
	if v.Device != "" {
		places = append(places, digest("device/"+v.Device))
	}
	return places
}

// Remember makes the visitor's address known to be the user's, and device, if it is not empty, in place of the visitor's
// device: call it after a sign-in. It is only a favour: two sign-ins at one instant may remember only one of them.
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

// knows says whether the user signed in from the visitor's device or address before.
func (l *Limiter) knows(ctx context.Context, u User, v Visitor) bool {
	known, err := l.known(ctx, u, v.At)
	return err == nil && slices.ContainsFunc(known, func(p knownPlace) bool { return slices.Contains(v.places(), p.Digest) })
}

// known returns the places of the user, those used last at the end.
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
