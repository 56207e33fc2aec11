package oauth

import (
	"fmt"
	"net/http"
	"strconv"

	"mintkey/server/revocation"
	"mintkey/server/web"
	"mintkey/store"
	"mintkey/tokens"
)

// StatusList serves one list (draft-ietf-oauth-status-list-21 section 8).
func (e *Endpoints) StatusList(w http.ResponseWriter, r *web.Request) error {
	text := r.PathValue("n")
	list, err := strconv.ParseUint(text, 10, 32)
	if err != nil || strconv.FormatUint(list, 10) != text {
		return store.ErrNotFound
	}
	signed, err := e.Lists.Signed(r.Context(), list, r.At)
	if err != nil {
		return err
	}
	cache := fmt.Sprintf("public, max-age=%d", int(revocation.ListTTL.Seconds()))
	web.ServeDocument(w, r.Request, "application/"+tokens.TypeStatusList, cache, []byte(signed))
	return nil
}
