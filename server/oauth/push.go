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
// client resumes a broken stream with Last-Event-ID; where that is not known any more, the event "reset" says that all follow again. The
// stream ends when the caller's token does. A client may have maxStreams at a time.
func (e *Endpoints) Push(w http.ResponseWriter, r *web.Request) error {
	live, err := e.listener(r)
	if err == nil {
		err = e.Log.Ensure(r.Context())
	}
	if err != nil {
		return err
	}
	if !e.streams.open(live.Claims.ClientID) {
		return web.Refuse(web.ErrTooManyRequests, "This client has %d streams open, which is the most. Close one.", maxStreams)
	}
	defer e.streams.close(live.Claims.ClientID)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the request is read; a read timeout would end the stream
	stream := stream{
		w: w, control: control, endpoints: e, request: r, begun: e.RealTime(), caller: live,
		after: r.Header.Get("Last-Event-ID"), history: e.Log.History(),
	}
	stream.run()
	return nil
}

// listener returns the caller, who must be allowed to listen at the request's instant.
func (e *Endpoints) listener(r *web.Request) (callers.ValidToken, error) {
	live, err := e.Callers.Caller(r)
	if errors.Is(err, web.ErrInvalidRequest) {
		err = web.ErrInvalidToken
	}
	if err != nil {
		return live, err
	}
	return live, callers.RequireScope(live.Scopes, policy.ScopeTokensIntrospect)
}

// stream is the connection of one gateway.
type stream struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	endpoints *Endpoints
	request   *web.Request
	begun     time.Time // by the real time
	caller    callers.ValidToken
	after     string // the last revocation sent
	history   int    // of the log that after belongs to
}

func (t *stream) run() {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	ends := time.NewTimer(t.caller.Claims.ExpiresAt.Sub(t.request.At))
	defer ends.Stop()
	if t.write(": revocations\n\n") != nil {
		return
	}
	if t.after != "" && !t.endpoints.Log.Has(t.after) && t.reset() != nil {
		return
	}
	for {
		news := t.endpoints.Log.News() // taken before the log is read, so that no revocation is missed
		if t.sendNew() != nil || t.revoked() {
			return
		}
		select {
		case <-news:
		case <-beat.C:
			if !t.stillAllowed() || t.write(": still here\n\n") != nil {
				return
			}
		case <-ends.C:
			return
		case <-t.request.Context().Done():
			return
		case <-t.endpoints.stopping:
			return
		}
	}
}

// revoked asks this server's copy of the log alone, so that a revocation costs no read of the store for each stream.
func (t *stream) revoked() bool {
	claims := t.caller.Claims
	return t.endpoints.Log.Revoked(claims.ID, t.endpoints.Statuses.Index(claims.Status))
}

// stillAllowed asks as at the beginning: a role can be lost without a revocation. While the store can't say, the stream goes on.
func (t *stream) stillAllowed() bool {
	info := *t.request.Info
	info.At = info.At.Add(t.endpoints.RealTime().Sub(t.begun))
	_, err := t.endpoints.listener(&web.Request{Request: t.request.Request, Info: &info})
	return err == nil || errors.Is(err, store.ErrUnavailable)
}

// sendNew takes from this server's copy of the log, which all streams share.
func (t *stream) sendNew() error {
	rows, history := t.endpoints.Log.Rows(t.after)
	if history != t.history {
		t.history = history
		if err := t.reset(); err != nil {
			return err
		}
		rows, t.history = t.endpoints.Log.Rows("")
	}
	for _, revocation := range rows {
		t.after = revocation.ID
		if revocation.AccountID != t.caller.Account.ID {
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
	return nil
}

// reset starts over. The empty id makes a client forget where to resume (HTML Living Standard section 9.2.6).
func (t *stream) reset() error {
	t.after = ""
	return t.write("id:\nevent: reset\ndata: {}\n\n")
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
