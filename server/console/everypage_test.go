package console_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mintkey/policy"
)

var manyKeys = flag.Int("keys", 0, "access keys that TestEveryPageAsEveryRole adds to a tenant, with 1,000 tenants more: on both stores, "+
	"and with the times that pages take in the log")

// loaded is a page as the browser got it.
type loaded struct {
	Status int     // of the answer
	Size   int     // bytes, unpacked
	Took   float64 // milliseconds from the request to the first byte of the answer
	Title  string
	Wide   int // by how many pixels the page is wider than the window
}

const load = `(() => {
	const n = performance.getEntriesByType("navigation")[0], d = document.documentElement;
	return {Status: n.responseStatus, Size: n.decodedBodySize, Took: n.responseStart - n.requestStart,
		Title: document.querySelector("h1")?.innerText ?? "", Wide: d.scrollWidth - d.clientWidth};
})()`

func (b *browser) loads(path string) loaded {
	b.Helper()
	b.open(path)
	return run(b, chromedp.Evaluate[loaded](load))
}

// everyRole is a user of each role, with an access key of their own in berlin.
func everyRole(h *harness) (users []string, keys map[string]string) {
	h.user("acme", "olga", "Olga Taussky", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	users, keys = []string{"grace", "tom", "ada", "olga"}, map[string]string{}
	for _, user := range users {
		keys[user], _ = h.key("berlin", user, "key of "+user, 62)
		h.used(keys[user], 1)
	}
	return users, keys
}

// pagesFor is the address of each page for who is signed in, with the route as its name. What a browser saves as a file, and what ends a
// session, is none.
func pagesFor(t *testing.T, clientID, pickUp string) map[string]string {
	fill := strings.NewReplacer("{account}", "acme", "{tenant}", "berlin", "{client_id}", clientID, "{user}", "linus", "{code}", pickUp)
	all := map[string]string{"preview of a policy": "/console/security?enabled=on&period_days=120"}
	for _, r := range routes(t) {
		file := strings.HasSuffix(r.path, "/export") || strings.HasSuffix(r.path, ".ics")
		if r.method == http.MethodGet && r.wrapper != "open" && !file {
			all[r.path] = fill.Replace(r.path)
		}
	}
	all["/console/tenants/{tenant}/keys/stop"] += "?do=revoke&selected=" + clientID
	all["/console/tenants/{tenant}/suspend"] = "/console/tenants/oslo/suspend" // in berlin are the last admins
	for _, path := range rarePages() {
		delete(all, path)
	}
	return all
}

// rarePages are shown to somebody with a passkey, or who has signed in long ago. They show nothing that grows, and have tests of their own.
func rarePages() []string {
	return []string{"/console/prove", "/console/prove/oidc", "/console/account/passkeys/{passkey}/remove", "/console/account/recovery-codes"}
}

// Every page is shown in a browser to users of every role: without an error of the server or of a script, within the window, with a
// heading, and no bigger than a page may be. Whoever may not see it is told so. Somebody sees each.
func TestEveryPageAsEveryRole(t *testing.T) {
	if *manyKeys > 0 {
		onEachStore(t, testEveryPageAsEveryRole)
		return
	}
	testEveryPageAsEveryRole(t, newHarnessOnRedis(t)) // the flows of the gallery are on bolt
}

func testEveryPageAsEveryRole(t *testing.T, h *harness) {
	if *manyKeys > 0 {
		h.grow(1000, *manyKeys/2)
	}
	users, keys := everyRole(h)
	pickUp := strings.TrimPrefix(h.waiting("lisbon", "grace", "to pick up"), "/console/pick-up/")
	shown, slow := map[string]bool{}, map[string]float64{}
	for _, user := range users {
		b := newBrowser(t, h)
		b.signIn(emailOf(user))
		pages := pagesFor(t, keys[user], pickUp)
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			got := b.loads(pages[name])
			for range min(*manyKeys, 3) { // the copies have been made; what the machine does beside makes some slower, and none faster
				got.Took = min(got.Took, b.loads(pages[name]).Took)
			}
			switch got.Status {
			case http.StatusOK:
				shown[name] = true
			case http.StatusForbidden, http.StatusNotFound, http.StatusConflict: // and that says why
			default:
				t.Errorf("%s as %s: %d", name, user, got.Status)
			}
			if got.Title == "" || got.Wide > 0 || got.Size > biggestPage {
				t.Errorf("%s as %s: %+v", name, user, got)
			}
			if complaints := b.complaints(); len(complaints) > 0 {
				t.Errorf("%s as %s: the browser says %s", name, user, complaints)
			}
			slow[fmt.Sprintf("%-60s %s, %d, %d bytes", name, user, got.Status, got.Size)] = got.Took
		}
		for name := range pages {
			if user == users[len(users)-1] && !shown[name] {
				t.Errorf("nobody sees %s", name)
			}
		}
	}
	if *manyKeys > 0 {
		names := slices.SortedFunc(maps.Keys(slow), func(a, b string) int { return cmp.Compare(slow[b], slow[a]) })
		for _, name := range names[:40] {
			t.Logf("%6.0f ms %s", slow[name], name)
		}
	}
}
