package oauth

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"mintkey/server/revocation"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// StatusList serves one list (draft-ietf-oauth-status-list-21 section 8). Lists of other times are not kept (section 8.4).
func (e *Endpoints) StatusList(w http.ResponseWriter, r *web.Request) error {
	text := r.PathValue("n")
	list, err := strconv.ParseUint(text, 10, 32)
	if err != nil || strconv.FormatUint(list, 10) != text {
		return store.ErrNotFound
	}
	if r.URL.Query().Has("time") {
		return web.Refuse(web.ErrNotImplemented, "Only the present list can be had: leave out the parameter time.")
	}
	signed, err := e.Lists.Signed(r.Context(), list, r.At)
	if err != nil {
		return err
	}
	cache := fmt.Sprintf("public, max-age=%d", int(revocation.ListTTL.Seconds()))
	e.documents.of(list).Of("application/"+tokens.TypeStatusList, cache, []byte(signed)).Serve(w, r.Request)
	return nil
}

// listDocuments keeps the status lists as they are sent, so that each is compressed once.
type listDocuments struct {
	mu    sync.Mutex
	known map[uint64]*web.Kept
}

func (d *listDocuments) of(list uint64) *web.Kept {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[list] == nil {
		if d.known == nil {
			d.known = make(map[uint64]*web.Kept)
		}
		d.known[list] = new(web.Kept)
	}
	return d.known[list]
}

// StatusLists names all lists (draft-ietf-oauth-status-list-21 section 9.3).
func (e *Endpoints) StatusLists(w http.ResponseWriter, r *web.Request) error {
	uris, err := e.Lists.URLs(r.Context())
	if err != nil {
		return err
	}
	return serveJSON(w, r, &e.listNames, struct {
		Lists []string `json:"status_lists"`
	}{uris})
}
