package console_test

import (
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// clipboard returns the text that the visitor would paste.
func (b *browser) clipboard() string {
	b.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		permission := cdp.SetPermissionParams{Permission: &cdp.PermissionDescriptor{Name: name}, Setting: cdp.PermissionSettingGranted}
		if _, err := chromedp.CallBrowser(b.ctx, cdp.SetPermission, permission); err != nil {
			b.Fatal(err)
		}
	}
	return run(b, chromedp.Evaluate[string](`navigator.clipboard.readText()`, chromedp.EvalAwaitPromise))
}

// until waits for an expression to become true, on this page or on the next one.
func (b *browser) until(expression string) {
	b.Helper()
	for deadline := time.Now().Add(maxWait); ; time.Sleep(20 * time.Millisecond) {
		holds, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if holds && err == nil {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("%s does not become true (%v) at %s", expression, err, b.body())
		}
	}
}

func (b *browser) saysOnPage(text string) {
	b.Helper()
	b.until(`document.body.innerText.includes(` + "`" + text + "`" + `)`)
}

func (b *browser) body() string {
	b.Helper()
	return run(b, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
}

// A tenant admin creates and copies a key, a program uses it, and the admin revokes it.
func TestBrowserTenantAdmin(t *testing.T) { onEachStore(t, testBrowserTenantAdmin) }

func testBrowserTenantAdmin(t *testing.T, h *harness) {
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.click(".empty .primary")
	b.click(`input[value="linus"]`)
	b.fill("#label", "deploy job")
	b.click(".form button.primary")
	b.click(`[data-copy="client-id"]`)
	b.saysOnPage("Copied")
	clientID := b.clipboard()
	b.click(`[data-copy="client-secret"]`)
	b.until(`document.querySelector("#announce").textContent === "Copied client secret"`)
	secret := b.clipboard()
	if status := h.token(clientID, secret); status != 200 {
		t.Fatalf("what was copied, %q, gets %d from the token endpoint", clientID, status)
	}
	b.click(`[data-copy="ci"]`)
	b.until(`document.querySelector("#announce").textContent === "Copied CI settings"`)
	if want := "MINTKEY_URL=" + h.url + "\nMINTKEY_CLIENT_ID=" + clientID + "\nMINTKEY_CLIENT_SECRET=" + secret; b.clipboard() != want {
		t.Errorf("the settings that were copied are %q", b.clipboard())
	}

	b.do(chromedp.NavigateBack())
	if strings.Contains(b.body(), secret) {
		t.Error("going back shows the secret again")
	}
	_ = chromedp.Do(b.ctx, chromedp.NavigateForward()) // to the response of a POST, which the browser may refuse to repeat
	if strings.Contains(b.body(), secret) {
		t.Error("going forward shows the secret again")
	}

	b.open(berlinKeys)
	b.click(`a[href$="` + clientID + `/revoke"]`)
	b.saysOnPage("Revoke “deploy job”?")
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("dialog").open`)
	if h.token(clientID, secret) != 200 {
		t.Error("Escape revoked the key")
	}
	b.click(`a[href$="` + clientID + `/revoke"]`)
	b.click("dialog button.danger")
	b.saysOnPage("Revoked " + clientID)
	if status := h.token(clientID, secret); status != 401 {
		t.Errorf("a revoked key gets %d from the token endpoint", status)
	}
}

// An owner refreshes a key using only the keyboard.
func TestBrowserOwner(t *testing.T) { onEachStore(t, testBrowserOwner) }

func testBrowserOwner(t *testing.T, h *harness) {
	clientID, old := h.key("lisbon", "grace", "smoke test", 62)
	b := newBrowser(t, h)
	b.open("/console/sign-in")
	b.until(`document.activeElement.id === "email"`)
	b.do(chromedp.KeyEvent("grace@acme.example"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(password), chromedp.KeyEvent(kb.Enter))
	b.see(".side")
	for range 30 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if run(b, chromedp.Evaluate[bool](`document.activeElement.matches(".own-key .button")`)) {
			break
		}
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.see("dialog[open]")
	b.until(`document.querySelector("dialog").contains(document.activeElement)`)
	for range 5 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if run(b, chromedp.Evaluate[bool](`document.activeElement.matches("dialog button.primary")`)) {
			break
		}
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.see("#client-secret")
	secret := run(b, chromedp.TextContent(chromedp.CSS("#client-secret")))
	if h.token(clientID, secret) != 200 || h.token(clientID, old) != 401 {
		t.Error("after the refresh the new secret must work, and not the old one")
	}
}

// An account admin previews a policy change before saving it, and can turn expiry off only after accepting the risk.
func TestBrowserAccountAdmin(t *testing.T) { onEachStore(t, testBrowserAccountAdmin) }

func testBrowserAccountAdmin(t *testing.T, h *harness) {
	clientID, _ := h.key("berlin", "grace", "", 10)
	b := newBrowser(t, h)
	b.signIn("ada@acme.example")
	b.click(`a[href="/console/security"]`)
	b.see("#period_days")
	b.do(chromedp.SetValue(chromedp.CSS("#period_days"), "180"))
	run(b, chromedp.Evaluate[bool](`document.querySelector("#period_days").dispatchEvent(new Event("change", {bubbles: true}))`))
	b.saysOnPage("This changes the expiry of 1 key")
	b.saysOnPage(clientID)
	b.click(".policy .primary")
	b.click("dialog[open] .primary")
	b.saysOnPage("Saved. Access keys expire after 180 days.")

	b.click("#enabled")
	b.see("#acknowledge_risk")
	b.click(".policy .primary")
	b.saysOnPage("Confirm that you accept the risk.")
	b.click("#acknowledge_risk")
	b.click(".policy .primary")
	b.click("dialog[open] .danger")
	b.saysOnPage("Saved. Access keys do not expire.")
}

// The list updates as the visitor types.
func TestBrowserSearch(t *testing.T) { onEachStore(t, testBrowserSearch) }

func testBrowserSearch(t *testing.T, h *harness) {
	h.key("berlin", "grace", "nightly", 10)
	h.key("berlin", "linus", "weekly", 10)
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.see("table.keys")
	run(b, chromedp.Evaluate[bool](`window.same = true`))
	b.fill("#q", "weekly")
	b.saysOnPage("1–1 of 1 key")
	if !run(b, chromedp.Evaluate[bool](`window.same === true && location.search.includes("q=weekly") && document.activeElement.id === "q"`)) {
		t.Error("the page was reloaded, or the address does not say what is shown")
	}
}

// A stranger finds nothing.
func TestBrowserStranger(t *testing.T) { onEachStore(t, testBrowserStranger) }

func testBrowserStranger(t *testing.T, h *harness) {
	clientID, _ := h.key("berlin", "grace", "private label", 10)
	b := newBrowser(t, h)
	b.signIn("rita@rival.example")
	for _, path := range []string{
		berlinKeys, berlinKeys + "/" + clientID + "/revoke", "/console/users/grace", "/console/account/keys/" + clientID + "/refresh",
	} {
		b.open(path)
		b.saysOnPage("There is nothing here that you may see.")
		if strings.Contains(b.body(), "private label") {
			t.Errorf("%s tells a stranger about a key", path)
		}
	}
}

// A double click on the button makes one key and shows its secret.
func TestBrowserDoubleClick(t *testing.T) {
	h := newHarness(t)
	b := newBrowser(t, h)
	b.signIn("tom@acme.example")
	b.open(newKey)
	b.click(`input[value="linus"]`)
	b.do(chromedp.DoubleClick(chromedp.CSS(".form button.primary")))
	b.see("#client-secret")
	b.open(berlinKeys)
	b.saysOnPage("1–1 of 1 key")
}
