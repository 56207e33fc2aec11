package chaos_test

import (
	"errors"
	"net/http"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// emptied is how long a store is empty before its backup is put back.
const emptied = 8 * time.Second

// flush empties Redis under its servers, and puts the backup back.
func flush(r *run) {
	r.emptyFor(func() { r.redis.Do("FLUSHALL") })
}

// restartEmpty starts Redis without what it had.
func restartEmpty(r *run) {
	r.emptyFor(func() { r.restore(r.t, nil) })
}

// emptyFor takes a backup between two requests and empties the store. The servers must notice: not ready, no new signing keys, and to
// every request the answer that the store is not there.
func (r *run) emptyFor(empty func()) {
	before := r.signingKeys()
	r.pause.Lock()
	dump := r.keep(r.t)
	empty()
	r.pause.Unlock()
	time.Sleep(emptied)
	for i, s := range r.servers {
		if err := e2etest.Within(e2etest.Patience, func() error {
			if s.Ready() == nil {
				return errors.New("it says that it is ready on an empty store")
			}
			return nil
		}); err != nil {
			r.note(&r.wrong, "server %d: %v", i, err)
		}
	}
	if now := r.signingKeys(); now != before {
		r.note(&r.wrong, "the signing keys on an empty store are %s", now)
	}
	r.restore(r.t, dump)
}

// signingKeys are those that are published, as text.
func (r *run) signingKeys() string {
	var text string
	if err := e2etest.Within(e2etest.Patience, func() error {
		a := r.clients[0].do(http.MethodGet, "/.well-known/jwks.json", nil)
		if a.status != http.StatusOK {
			return errors.New(a.String())
		}
		text = string(a.body)
		return nil
	}); err != nil {
		r.t.Error(err)
	}
	return text
}

// goBack puts Redis back to an older state while its servers run. What was made or replaced in between is lost, as documented; what was
// revoked is not alive again, and every revocation from now on is heard.
func goBack(r *run) {
	r.pause.Lock()
	dump, at := r.keep(r.t), time.Now()
	r.pause.Unlock()
	time.Sleep(5 * time.Second)
	r.pause.Lock()
	r.restore(r.t, dump)
	r.model.rewind(at)
	r.rewound = true
	r.pause.Unlock()
	r.struck()
	time.Sleep(8 * time.Second)
}
