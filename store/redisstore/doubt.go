package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A primary that is cut off from its Sentinels and replicas goes on answering, while on the other side a replica is promoted and access
// keys are revoked. Who is cut off with it would not notice. So under Sentinel there must be, all the time, a recent proof that no
// replica was promoted. There are two:
//
//   - A Sentinel names this primary, finds nothing wrong with it, and has heard a majority of the Sentinels, without which nothing is
//     promoted. One that has not heard them may be cut off too. One that was started anew without its state knows no others, so a
//     majority of as many is needed as others knew.
//   - All replicas that the Sentinels know of are in step with this primary. One that is promoted is no replica any more. Where the
//     Sentinels know of none, there is nothing to promote.
//
// So nothing is refused because the Sentinels are away, or a replica, as long as not both are.
//
// A proof is as old as what it rests on, and no older than provenFor. With the least down-after-milliseconds, which is longer than that and
// the time it takes to notice, everything is refused before the other side has a primary.
const (
	provenFor      = 3 * time.Second
	judgeEvery     = 250 * time.Millisecond
	leastDownAfter = 5 * time.Second
)

// errInDoubt is inside store.ErrPrimaryInDoubt.
var errInDoubt = errors.New("no Sentinel that hears a majority of them names this Redis as a sound primary, " +
	"and not all replicas that they know of are in step with it")

// present is the time by which the age of a proof is measured. It is no time of a record.
func present() time.Time { return time.Now() } //nolint:forbidigo // that

// doubt is whether the primary that is spoken with still is one. What it judges by is asked in proof.go.
type doubt struct {
	refusal atomic.Pointer[error] // of every command, while there is no proof

	mu       sync.Mutex
	named    named
	others   int       // Sentinels that a Sentinel knows; one that knows fewer may have been started anew without its state
	address  string    // of the primary that is spoken with; empty for none, or for two while a failover is followed
	inStep   time.Time // when all replicas of that primary were last in step
	answered time.Time // when a primary last answered
	late     int       // times in a row that there was no proof
}

// named is the primary as a Sentinel named it that found nothing wrong with it.
type named struct {
	address  string
	at       time.Time // when a majority of the Sentinels last knew no other primary; zero for never
	replicas int       // that the Sentinels know of, whether they work or not
	epoch    int       // of the configuration: each failover has a higher one
}

func (n named) recently(now time.Time) bool { return now.Sub(n.at) <= provenFor }

// enter returns why a command must not be sent, or nil.
func (d *doubt) enter() error {
	if refusal := d.refusal.Load(); refusal != nil {
		return *refusal
	}
	return nil
}

// speaksWith notes the address of the primary, or none.
func (d *doubt) speaksWith(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if address != d.address {
		d.address, d.inStep = address, time.Time{}
	}
}

// hearSentinel notes what a Sentinel answered to a question that was asked at a time. Some learn of a failover later than others.
func (d *doubt) hearSentinel(said opinion, asked time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.countSentinels(len(said.others))
	silence, majority := said.heardMajority(d.others)
	other := said.primary != d.named.address
	late := said.epoch < d.named.epoch || other && (!majority || said.epoch == d.named.epoch)
	if !said.sound || late && d.named.recently(present()) {
		return
	}
	at := time.Time{}
	if !other {
		at = d.named.at
	}
	if majority && asked.Add(-silence).After(at) {
		at = asked.Add(-silence)
	}
	replicas := said.replicas
	if !other && !majority { // it may have forgotten those of the other side
		replicas = max(replicas, d.named.replicas)
	}
	d.named = named{said.primary, at, replicas, said.epoch}
	d.proven(present())
}

// countSentinels notes how many others a Sentinel knows. Fewer than before count only while the replicas prove that nothing was promoted.
func (d *doubt) countSentinels(others int) {
	if others > d.others || others > 0 && present().Sub(d.inStep) <= provenFor {
		d.others = others
	}
}

// hearPrimary notes that the primary answered a question, and how long it had not heard each of its replicas.
func (d *doubt) hearPrimary(silences []time.Duration, asked time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered = asked
	slices.Sort(silences)
	if n := d.named.replicas; d.address == d.named.address && 0 < n && n <= len(silences) {
		if at := asked.Add(-silences[n-1]); at.After(d.inStep) {
			d.inStep = at
		}
	}
	d.proven(present())
}

// proof returns the last time of which there is proof that no replica had been promoted; zero for never.
func (d *doubt) proof(now time.Time) time.Time {
	switch {
	case d.address == "" || d.address != d.named.address:
		return time.Time{}
	case d.named.replicas == 0:
		return now
	case d.inStep.After(d.named.at):
		return d.inStep
	}
	return d.named.at
}

// proven ends the doubt if there is proof, and says whether there is.
func (d *doubt) proven(now time.Time) bool {
	if now.Sub(d.proof(now)) > provenFor {
		return false
	}
	d.late = 0
	if d.refusal.Load() != nil {
		d.refusal.Store(nil)
	}
	return true
}

// isProven says whether there is proof now.
func (d *doubt) isProven() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.proven(present())
}

// judge begins the doubt the second time in a row that there is no proof: after a pause of this process, everything that is known is old.
func (d *doubt) judge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := present()
	if d.proven(now) {
		return
	}
	if d.late++; d.late > 1 {
		why := errInDoubt
		if now.Sub(d.answered) > provenFor { // something else is wrong, and when that is over, the doubt must be there already
			why = fmt.Errorf("%w, and its Sentinels confirm no primary", errNotAnswering)
		}
		d.refusal.Store(&why)
	}
}

// primary returns the address of the primary, if a majority of the Sentinels has named it just now, or if there is proof of the one that is
// spoken with.
func (d *doubt) primary() (address string, byMajority bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := present()
	switch {
	case d.named.recently(now):
		return d.named.address, true
	case now.Sub(d.proof(now)) <= provenFor:
		return d.address, false
	}
	return "", false
}
