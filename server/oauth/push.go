package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"mintkey/policy"
	"mintkey/server/callers"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

const (
	// heartbeat keeps proxies from closing a quiet stream, and tells a gateway that it still hears.
	heartbeat   = 15 * time.Second
	pushTimeout = 10 * time.Second // for one write
)

// pushedRevocation is the data of one server-sent event: idx and uri name an entry of a status list, or jti a single token.
type pushedRevocation struct {
	Index    *int      `json:"idx,omitempty"`
	URI      string    `json:"uri,omitempty"`
	TokenID  string    `json:"jti,omitempty"`
	ClientID string    `json:"client_id,omitempty"`
	At       time.Time `json:"at"`
	Expires  int64     `json:"exp"` // seconds since 1970: until when it matters
}

func (e *Endpoints) viewRevocation(r store.Revocation) pushedRevocation {
	view := pushedRevocation{TokenID: r.TokenID, ClientID: r.ClientID, At: r.At.UTC(), Expires: r.Until.Unix()}
	if status := e.Statuses.Reference(r.Index); status != nil {
		view.Index, view.URI = &status.StatusList.Index, status.StatusList.URI
	}
	return view
}

// Push streams the revocations of the caller's account as server-sent events, those first that are still in force, then each as it happens.
// A stream that broke is resumed after Last-Event-ID. It ends when the caller's token does.
func (e *Endpoints) Push(w http.ResponseWriter, r *web.Request) error {
	live, err := e.Callers.Caller(r)
	if errors.Is(err, web.ErrInvalidRequest) {
		err = web.ErrInvalidToken
	}
	if err == nil {
		err = callers.RequireScope(live.Scopes, policy.ScopeTokensIntrospect)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the request is read; a time-out for reading would end the stream
	stream := stream{w: w, control: control, endpoints: e, accountID: live.Account.ID, after: r.Header.Get("Last-Event-ID")}
	stream.run(r, live.Claims)
	return nil
}

// stream is one gateway that listens.
type stream struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	endpoints *Endpoints
	accountID string
	after     string // the last revocation sent
}

func (t *stream) run(r *web.Request, claims tokens.Claims) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	ends := time.NewTimer(claims.ExpiresAt.Sub(r.At))
	defer ends.Stop()
	if t.write(": revocations\n\n") != nil {
		return
	}
	for {
		news := t.endpoints.Log.News() // taken before the log is read, so that nothing falls between
		if err := t.sendNew(r); err != nil {
			return
		}
		select {
		case <-news:
		case <-beat.C:
			if t.write(": still here\n\n") != nil {
				return
			}
		case <-ends.C:
			return
		case <-r.Context().Done():
			return
		case <-t.endpoints.stopping:
			return
		}
	}
}

const pushBatch = 500

func (t *stream) sendNew(r *web.Request) error {
	for {
		found, err := t.endpoints.Stored.Revocations(r.Context(), t.after, pushBatch)
		if err != nil {
			return err
		}
		for _, revocation := range found {
			t.after = revocation.ID
			if revocation.AccountID != t.accountID {
				continue
			}
			data, err := json.Marshal(t.endpoints.viewRevocation(revocation))
			if err != nil {
				return err
			}
			if err := t.write(fmt.Sprintf("id: %s\nevent: revocation\ndata: %s\n\n", revocation.ID, data)); err != nil {
				return err
			}
		}
		if len(found) < pushBatch {
			return nil
		}
	}
}

func (t *stream) write(text string) error {
	deadlineErr := t.control.SetWriteDeadline(t.endpoints.RealTime().Add(pushTimeout))
	_, err := t.w.Write([]byte(text))
	return cmp.Or(supported(deadlineErr), err, supported(t.control.Flush()))
}

// supported forgets that a connection cannot do something: not every http.ResponseWriter is one of a network.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
