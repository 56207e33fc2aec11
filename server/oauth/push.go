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
	// heartbeat keeps proxies from closing a quiet stream, and tells a gateway that it is still connected.
	heartbeat   = 15 * time.Second
	pushTimeout = 10 * time.Second // for one write
)

// pushedRevocation is the data of one server-sent event: idx and uri name an entry of a status list, jti names a single token.
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

// Push streams the revocations of the caller's account as server-sent events: first those still in force, then each as it happens. A
// client resumes a broken stream with Last-Event-ID. The stream ends when the caller's token expires.
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
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the request is read; a read timeout would end the stream
	stream := stream{w: w, control: control, endpoints: e, accountID: live.Account.ID, after: r.Header.Get("Last-Event-ID")}
	stream.run(r, live.Claims)
	return nil
}

// stream is the connection of one gateway.
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
		news := t.endpoints.Log.News() // taken before the log is read, so that no revocation is missed
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

// supported drops http.ErrNotSupported: not every http.ResponseWriter has a network connection.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
