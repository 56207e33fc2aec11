package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"mintkey/cmd/mintkey/hangup"
)

// clockCheck is how often the clock on the wall is asked whether a token is due. A timer stands still while a machine sleeps.
const clockCheck = 15 * time.Second

// tokenWatch keeps a file with a token that works. Nothing takes a token away that still works: while no other can be had, it stays.
type tokenWatch struct {
	*program
	access *accessFlags
	wanted tokenRequest
	file   string

	ends    time.Time // of the token that was saved last; zero before the first
	trouble string    // what was said last about not getting a token; empty while all is well
}

// watchToken returns nil when the context ends. An error means that there is no token that works, and that waiting won't bring one.
func (p *program) watchToken(ctx context.Context, f *accessFlags, wanted tokenRequest, file string) error {
	inner := *p
	inner.stderr = &daily{to: p.stderr, clock: p.clock} // with every token comes the same warning
	w := &tokenWatch{program: &inner, access: f, wanted: wanted, file: file}
	defer tellManager(daemon.SdNotifyStopping)
	for failures := 0; ; {
		pause, err := w.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failures = 0
			w.recovered()
		case w.hopeless(err):
			return err
		default:
			w.troubled(err)
			pause = retryAfter(failures)
			failures++
		}
		if !w.wait(ctx, pause) {
			return nil
		}
	}
}

// renew saves a new token, and returns how long to wait for the next one. It reads the access key again, which may have been rotated.
func (w *tokenWatch) renew(ctx context.Context) (time.Duration, error) {
	a, err := w.resolve(ctx, w.access)
	if err != nil {
		return 0, err
	}
	a.via.retries = 0 // run tries again, for as long as it takes, and says so once
	asked := w.clock()
	answer, err := w.fetchToken(ctx, a, w.wanted)
	if err != nil {
		return 0, err
	}
	if err := saveToken(w.file, answer.AccessToken); err != nil {
		return 0, err
	}
	life := answer.life()
	w.ends = asked.Add(life)
	return renewAfter(life), nil
}

func (w *tokenWatch) recovered() {
	switch {
	case w.trouble != "":
		w.sayf("the token in %s is renewed again; it works until %s\n", w.file, showTime(&w.ends))
	default:
		w.sayf("the token in %s is renewed from now on\n", w.file)
	}
	w.trouble = ""
	tellManager(daemon.SdNotifyReady + "\nSTATUS=The token works until " + showTime(&w.ends))
}

// troubled says once what is wrong, and once that the token has ended.
func (w *tokenWatch) troubled(err error) {
	now, what := w.clock(), "cannot be renewed"
	if _, ok := errors.AsType[*refused](err); ok {
		what = "is refused"
	}
	switch {
	case w.ends.IsZero():
		what += "; there is none yet"
	case w.ends.After(now):
		what += "; the one that is there works until " + showTime(&w.ends)
	default:
		what += ", and has ended at " + showTime(&w.ends)
	}
	if what == w.trouble {
		return
	}
	w.trouble = what
	w.sayf("warning: the token in %s %s; trying again: %v\n", w.file, what, err)
	tellManager("STATUS=The token " + what)
}

// hopeless says whether waiting won't help: there is no token that works, and the reason is no outage of the server or of the way to it.
func (w *tokenWatch) hopeless(err error) bool {
	lasting := !mayPass(err) || exitCode(err) == exitUnauthenticated
	return lasting && !w.ends.After(w.clock())
}

// wait returns false when the context ends before the pause, which SIGHUP cuts short.
func (w *tokenWatch) wait(ctx context.Context, pause time.Duration) bool {
	due := w.clock().Round(0).Add(pause) // the time on the wall, which goes on while a machine sleeps
	for left := pause; left > 0; left = due.Sub(w.clock().Round(0)) {
		timer := time.NewTimer(min(left, clockCheck))
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-hangup.Heard():
			timer.Stop()
			return true
		case <-timer.C:
		}
	}
	return ctx.Err() == nil
}

// renewAfter is between 57 and 67 percent of the life of a token: early enough for an outage of a third of it, and spread, so that
// programs that were started together do not renew together.
func renewAfter(life time.Duration) time.Duration {
	return life*2/3 - rand.N(life/10+1) //nolint:gosec // spreads requests, guards nothing
}

// retryAfter doubles from half a second to half a minute, less a part that spreads the requests to a server that comes back.
func retryAfter(failures int) time.Duration {
	pause := lastRetry
	if failures < 6 {
		pause = min(lastRetry, firstRetry<<failures)
	}
	return pause - rand.N(pause/2) //nolint:gosec // spreads requests, guards nothing
}

// life is how long the token works, as the server says (RFC 6749 section 5.1); a minute, the shortest there is, if it does not.
func (r tokenResponse) life() time.Duration {
	var said struct {
		ExpiresIn int64 `json:"expires_in"`
	}
	if json.Unmarshal(r.raw, &said) != nil || said.ExpiresIn <= 0 {
		return time.Minute
	}
	return time.Duration(said.ExpiresIn) * time.Second
}

// daily passes a message on, unless it has passed on the same one in the last day.
type daily struct {
	to    io.Writer
	clock func() time.Time
	since time.Time
	said  map[string]bool
}

func (d *daily) Write(message []byte) (int, error) {
	if now := d.clock(); d.said == nil || now.Sub(d.since) >= 24*time.Hour {
		d.since, d.said = now, map[string]bool{}
	}
	if d.said[string(message)] {
		return len(message), nil
	}
	d.said[string(message)] = true
	return d.to.Write(message)
}
