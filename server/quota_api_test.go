package server_test

import (
	"net/http"
	"testing"

	"mintkey/policy"
)

// The administration API sets quotas, shows them, and takes them away with null; they hold from the next token on.
func TestQuotasAreSetThroughTheAPI(t *testing.T) {
	w := newWorld(t)
	mia, tenant := forgeKeys+"/"+w.mia.clientID, "/admin/v1/tenants/forge"
	for _, at := range []struct {
		path string
		by   bearer // got before there is a quota
	}{
		{mia, bearer(w.tokenOf(w.tom, policy.ScopeKeysWrite+" "+policy.ScopeKeysRead))},
		{tenant, bearer(w.tokenOf(w.ada, policy.ScopeTenantsWrite))},
	} {
		for _, a := range []answer{w.patch(at.by, at.path, `{"tokens_per_minute":1}`), w.get(at.by, at.path)} {
			var shown struct {
				TokensPerMinute int `json:"tokens_per_minute"`
			}
			if a.want(http.StatusOK).into(&shown); shown.TokensPerMinute != 1 {
				t.Errorf("%s shows a quota of %d", a.request, shown.TokensPerMinute)
			}
		}
		w.patch(at.by, at.path, `{}`).want(http.StatusOK)
		w.exchange(w.mia).want(http.StatusOK)
		w.exchange(w.mia).want(http.StatusTooManyRequests)
		w.patch(at.by, at.path, `{"tokens_per_minute":null}`).want(http.StatusOK)
		w.exchange(w.mia).want(http.StatusOK)
		for _, wrong := range []string{"0", "-1", "1000001"} {
			w.patch(at.by, at.path, `{"tokens_per_minute":`+wrong+`}`).wantCode(http.StatusUnprocessableEntity, "invalid_quota")
		}
	}
	w.patch(w.mia, mia, `{"tokens_per_minute":9}`).wantCode(http.StatusForbidden, "insufficient_scope")
	w.patch(w.tom, tenant, `{"tokens_per_minute":9}`).wantCode(http.StatusForbidden, "insufficient_scope")
	made := w.post(w.tom, forgeKeys, `{"user_id":"mia","scopes":["api"],"tokens_per_minute":1}`).created(w.mia)
	w.exchange(made).want(http.StatusOK)
	w.exchange(made).want(http.StatusTooManyRequests)
	w.post(w.tom, forgeKeys, `{"user_id":"tom","scopes":["api"],"tokens_per_minute":0}`).
		wantCode(http.StatusUnprocessableEntity, "invalid_quota")
}

// A program can't loosen the access key that it acts with (R33).
func TestAKeyDoesNotLoosenItself(t *testing.T) {
	w := newWorld(t)
	own := forgeKeys + "/" + w.tom.clientID
	w.patch(w.tom, own, `{"tokens_per_minute":100}`).want(http.StatusOK)
	w.patch(w.tom, own, `{"tokens_per_minute":101}`).wantCode(http.StatusForbidden, "not_grantable")
	w.patch(w.tom, own, `{"tokens_per_minute":null}`).wantCode(http.StatusForbidden, "not_grantable")
	w.patch(w.ada, own, `{"tokens_per_minute":null}`).want(http.StatusOK)
}
