package server_test

import (
	"strings"
	"testing"

	"mintkey/policy"
	"mintkey/server"
)

// A key without a scope that is left is told why: the catalogue of this server is not what it was, or the owner's role is not.
func TestTheReasonForNoScopeIsTrue(t *testing.T) {
	w := newWorld(t)
	key := w.makeKey(w.ada, w.newMember(), "api", "reports")
	w.serve(func(o *server.Options) { o.Catalogue = policy.Catalogue{"other"} })
	for name, form := range map[string]string{"": "api reports", "reports": "reports"} {
		request := inBody(key)
		if name != "" {
			request = with(request, "scope", name)
		}
		answer := w.postForm(request)
		answer.wantError(400, "invalid_scope")
		text := answer.field("error_description")
		if strings.Contains(text, "role") || !strings.Contains(text, "does not have these scopes") || !strings.HasSuffix(text, ": "+form+".") {
			t.Errorf("scope %q is refused because %q", name, text)
		}
	}
	powerless := w.giveKey(w.mia, "keys:write")
	answer := w.postForm(inBody(powerless))
	answer.wantError(400, "invalid_scope")
	const want = "The role of the key's owner no longer allows any of these scopes: keys:write."
	if text := answer.field("error_description"); text != want {
		t.Errorf("a member's keys:write is refused because %q", text)
	}
	w.serve(func(o *server.Options) { o.Catalogue = policy.Catalogue{"reports"} })
	if got := w.postForm(inBody(key)).want(200).field("scope"); got != "reports" {
		t.Errorf("the token has the scopes %q, want the one that is left", got)
	}
}
