package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"mintkey/policy"
	"mintkey/store/budgettest"
	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

// js runs an expression for what it does.
func (b *browser) js(expression string) {
	b.Helper()
	run(b, chromedp.Evaluate[bool](expression+"; true"))
}

// says waits for the message beside what failed.
func (b *browser) saysFailed(text string) {
	b.Helper()
	b.until(`[...document.querySelectorAll(".alert.failed[role=alert]")].some((box) => box.innerText.includes(` + "`" + text + "`" + `))`)
}

func (b *browser) cut(offline bool) {
	b.Helper()
	rule := &network.Conditions{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{rule},
	}); err != nil {
		b.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
	}); err != nil {
		b.Fatal(err)
	}
}

// A request of a list that fails says so in place, keeps the focus, and marks what is no longer true: another admin's revoke, a session
// that is over, a network that is gone, and one that is back.
func TestBrowserSaysWhatFailed(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "nightly", 10)
	h.key("berlin", "linus", "weekly", 10)
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.see("table.keys")

	h.as("ada").post(berlinKeys+"/"+clientID+"/revoke", yes(form{})).want(303)
	b.click(`[aria-label="Revoke ` + clientID + `"]`)
	b.saysFailed("Not found.")
	b.until(`document.querySelector("#results[data-stale]") &&
		document.activeElement.getAttribute("aria-label") === "Revoke ` + clientID + `"`)
	b.click(".failed button") // Reload the page
	b.until(`!document.querySelector(".failed") && !document.body.innerText.includes("` + clientID + `")`)

	b.cut(true)
	b.fill("#q", "nobody")
	b.saysFailed("The server can’t be reached.")
	b.until(`document.querySelector("#results[data-stale]:not([aria-busy])") && document.activeElement.id === "q"`)
	b.cut(false) // it goes on by itself
	b.saysOnPage("No access key matches")
	b.until(`!document.querySelector(".failed, [data-stale]")`)

	h.advance(2 * time.Hour)
	b.fill("#q", "!")
	b.saysFailed("You are signed out.")
	b.until(`document.querySelector(".failed a[target=_blank]").getAttribute("href").startsWith("/console/sign-in") &&
		document.querySelector("#q").value === "nobody!"`)
	if said := b.complaints(); len(said) > 0 {
		t.Errorf("the page said %v", said)
	}
}

// A store that can't be reached, and a limit that is reached, are said in place.
func TestBrowserSaysWhatIsRefused(t *testing.T) {
	server := redistest.Start(t)
	opened, err := redisstore.Open(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	h := newHarnessOn(t, budgettest.Redis{Store: opened}, "")
	clientID, _ := h.key("berlin", "grace", "nightly", 10)
	tom := h.as("tom")
	for range 600 {
		if tom.get(berlinKeys+"/"+clientID+"/refresh").status == 429 {
			break
		}
	}
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.click(`[aria-label="Refresh ` + clientID + `"]`)
	b.saysFailed("Too many tries.")
	server.Kill()
	b.fill("#q", "n")
	b.saysFailed("Back in a moment.")
	server.Restart()
	b.click(".failed button")
	b.until(`!document.querySelector(".failed, [data-stale]")`)
}

// The question opens as a dialog, says in it what is wrong, and a form that somebody else has overtaken comes back with both values.
func TestBrowserAsks(t *testing.T) {
	h := newHarness(t)
	for _, tenant := range []string{"berlin", "lisbon", "oslo"} {
		h.member(tenant, "grace", policy.RoleMember)
		h.key(tenant, "grace", "one", 10)
		h.key(tenant, "grace", "two", 10)
	}
	h.giveGrace(policy.RoleAccountAdmin)
	b := newBrowser(t, h)
	b.signIn("ada@acme.example")
	b.open("/console/users/grace")
	b.click(`form:has([value="disable"]) button`)
	b.see("dialog[open] #confirm_typed")
	b.saysOnPage("6 access keys stop")
	b.fill("#confirm_typed", "Grace")
	b.click("dialog .danger")
	b.see("dialog[open] #confirm_typed-error")
	b.until(`document.activeElement.id === "confirm_typed"`)
	b.js(`document.querySelector("#confirm_typed").value = ""`)
	b.fill("#confirm_typed", "Grace Hopper")
	b.js(`document.querySelector("dialog .danger").click(), document.querySelector("dialog .danger").click()`)
	b.see(".notice")
	b.saysOnPage("Disabled. The access keys of this user have stopped")

	b.open("/console/users/linus")
	h.must(h.store.UpdateUser(t.Context(), "acme", "linus", func(u policy.User) (policy.User, []policy.Event, error) {
		u.Name = "Linus B."
		return u, nil, nil
	}))
	b.js(`document.querySelector("#name").value = "Linus T."`)
	b.click(".form .primary")
	b.saysOnPage("Now: Linus B.")
	b.until(`document.querySelector("#name").value === "Linus T." && document.activeElement.getAttribute("role") === "alert"`)
	b.click(".form .primary")
	b.saysOnPage("Saved.")

	// The last admin is told where the button is.
	b.open("/console/users/ada")
	b.js(`document.querySelector("form.member select").value = ""`)
	b.click("form.member button")
	b.see(".member-fault [role=alert]")
	if said := b.complaints(); len(said) > 0 {
		t.Errorf("the page said %v", said)
	}
}

// Before the session ends the page says so, and whoever wants to stays signed in. After it has ended it says so too.
func TestBrowserWarnsBeforeTheSessionEnds(t *testing.T) {
	h := newHarness(t)
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.js(`dispatchEvent(new Event("focus"))`)
	h.advance(57 * time.Minute)
	b.js(`dispatchEvent(new Event("focus"))`)
	b.see("#session-bar[role=alert] button")
	b.click("#session-bar button")
	b.until(`!document.querySelector("#session-bar")`)
	h.advance(57 * time.Minute)
	b.js(`dispatchEvent(new Event("focus"))`)
	b.see("#session-bar[data-state=idle]")
	h.advance(10 * time.Minute)
	b.js(`dispatchEvent(new Event("focus"))`)
	b.see("#session-bar[data-state=over] a")

	b = newBrowser(t, h)
	b.signIn("tom@acme.example")
	for range 14 {
		h.advance(51 * time.Minute)
		b.open("/console/account")
	}
	b.js(`dispatchEvent(new Event("focus"))`)
	h.advance(4 * time.Minute)
	b.js(`dispatchEvent(new Event("focus"))`)
	b.see("#session-bar[data-state=end]")
}

// What was changed in another tab is fetched anew in a list. A page of one thing says so, and one that shows a secret says nothing.
func TestBrowserFollowsOtherTabs(t *testing.T) {
	h := newHarness(t)
	h.key("berlin", "grace", "nightly", 10)
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.see("table.keys")
	h.key("berlin", "linus", "made elsewhere", 0)
	b.js(`new BroadcastChannel("mintkey").postMessage("changed")`)
	b.saysOnPage("made elsewhere")
	b.until(`!document.querySelector("[data-stale]")`)

	clientID, _ := h.key("berlin", "linus", "looked at", 0)
	for _, path := range []string{berlinKeys + "/" + clientID, "/console/account"} {
		b.open(path)
		b.js(`new BroadcastChannel("mintkey").postMessage("changed")`)
		b.saysOnPage("Something was changed in another tab.")
	}
	b.open(newKey)
	b.click(`input[value="grace"]`)
	b.click(".form button.primary")
	b.see("#client-secret")
	b.js(`(new BroadcastChannel("mintkey").onmessage = () => document.body.dataset.told = ""),
		new BroadcastChannel("mintkey").postMessage("changed")`)
	b.see("[data-told]")
	if run(b, chromedp.Evaluate[bool](`!!document.querySelector(".changed-elsewhere")`)) {
		t.Error("a page with a secret offers to be loaded again")
	}
}

// Nothing that was typed is lost when the session is over, whichever form it was, and none of it stands in an address.
func TestEveryFormSurvivesTheEndOfTheSession(t *testing.T) {
	onEachStore(t, testEveryFormSurvives)
}

func testEveryFormSurvives(t *testing.T, h *harness) {
	clientID, _ := h.key("berlin", "grace", "nightly", 1)
	const user = "/console/users/linus"
	for path, sent := range map[string]struct {
		form form
		has  []string
	}{
		user: {
			form{"do": {"save"}, "name": {"Linus Tee"}, "email": {"tee@acme.example"}, "role": {"account_admin"}, "if_match": {"old"}},
			[]string{`value="Linus Tee"`, `value="tee@acme.example"`, `value="account_admin" checked`, `name="if_match" value="old"`},
		},
		user + "/": {form{"do": {"disable"}}, []string{"Disable Linus Torvalds?"}},
		"/console/users/new": {
			form{"name": {"Linus Tee"}, "email": {"tee@acme.example"}, "password": {"correct horse battery"}},
			[]string{`value="Linus Tee"`, `value="tee@acme.example"`},
		},
		"/console/tenants/berlin/members": {form{"user": {"linus"}, "role": {"tenant_admin"}}, []string{
			`value="tenant_admin" selected`,
		}},
		securityPath: {form{"enabled": {"on"}, "period_days": {"240"}}, []string{
			`value="240" selected`,
		}},
		"/console/tenants/new": {form{"name": {"Paris"}, "release": {"25.1"}}, []string{
			`value="Paris"`, `value="25.1"`,
		}},
		"/console/tenants/oslo/suspend": {form{"reason": {"why so"}, "confirm": {"yes"}}, []string{`value="why so"`}},
		"/console/sign-out-everywhere":  {yes(form{}), []string{"Sign out everywhere?"}},
		berlinKeys + "/" + clientID + "/edit": {form{"label": {"mine now"}, "scope": {"api"}, "if_match": {"old"}}, []string{
			`value="mine now"`,
		}},
		berlinKeys + "/" + clientID + "/revoke":                 {yes(form{}), []string{"Revoke “nightly”?"}},
		"/console/tenants/berlin/keys/" + clientID + "/suspend": {form{"reason": {"why so"}}, []string{`value="why so"`}},
	} {
		for name, after := range map[string]time.Duration{"idle": 61 * time.Minute, "at the end": 12*time.Hour + time.Minute} {
			if after > 2*time.Hour && path != user {
				continue // one is enough
			}
			path := strings.TrimSuffix(path, "/")
			ada := h.as("ada")
			h.advance(after)
			ada.get("/console/account").want(303) // noticed before
			to := ada.post(path, sent.form).want(303).header.Get("Location")
			for _, values := range sent.form {
				for _, value := range values {
					if len(value) > 4 && value != "disable" && strings.Contains(to, value) {
						t.Errorf("%s is in %s", value, to)
					}
				}
			}
			next := ada.get(to).want(200).nextField()
			if after > 2*time.Hour && strings.Contains(h.as("grace").get(next).body, sent.has[0]) {
				t.Errorf("%s: somebody else sees it", path)
			}
			ada.post("/console/sign-in", form{"email": {"ada@acme.example"}, "password": {password}, "next": {next}}).leadsTo(next)
			ada.get(next).want(200).saysOr(sent.has, fmt.Sprintf("%s, %s", path, name)).says("Nothing was sent yet")
		}
	}
}

func (p page) saysOr(wants []string, name string) page {
	p.Helper()
	for _, want := range wants {
		if !strings.Contains(p.body, want) && !strings.Contains(p.text(), want) {
			p.Fatalf("%s: lost %s in %s", name, want, p.text())
		}
	}
	return p
}

// nextField is where the sign-in page leads.
func (p page) nextField() string {
	p.Helper()
	_, rest, _ := strings.Cut(p.body, `name="next" value="`)
	next, _, ok := strings.Cut(rest, `"`)
	if !ok {
		p.Fatalf("%s leads nowhere", p.what)
	}
	return strings.ReplaceAll(next, "&amp;", "&")
}
