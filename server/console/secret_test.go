package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	downloads "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"mintkey/server"
)

// A new key is tried from its page: the answer stands there in words, for a key that works, a wrong secret and a suspended key.
func TestBrowserTriesANewKey(t *testing.T) {
	h := newHarness(t)
	b := newBrowser(t, h)
	b.signIn(emailOf("tom"))
	b.open(newKey)
	b.click(`input[value="linus"]`)
	b.click(".form button.primary")
	b.see("#client-secret")
	clientID := run(b, chromedp.TextContent(chromedp.CSS("#client-id")))
	secret := run(b, chromedp.TextContent(chromedp.CSS("#client-secret")))
	b.click("[data-try]")
	b.saysOnPage("It works: a token for " + h.url + ", with the scopes api, reports, valid for 15 minutes.")

	folder := t.TempDir()
	if _, err := chromedp.Call(b.ctx, downloads.SetDownloadBehavior, downloads.SetDownloadBehaviorParams{
		Behavior: downloads.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
	}); err != nil {
		t.Fatal(err)
	}
	b.click("[data-download]")
	want := "MINTKEY_URL=" + h.url + "\nMINTKEY_CLIENT_ID=" + clientID + "\nMINTKEY_CLIENT_SECRET=" + secret + "\n"
	saved := ""
	for end := time.Now().Add(maxWait); saved != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(folder, "mintkey.env"))
		if err == nil {
			saved = string(text)
		}
	}
	if saved != want {
		t.Errorf("the file has %q", saved)
	}

	b.js(`document.getElementById("client-secret").textContent += "x"`)
	b.click("[data-try]")
	b.saysOnPage("The client ID and the secret are not accepted.")
	b.saysOnPage("(invalid_client)")
	b.js("document.getElementById(\"client-secret\").textContent = `" + secret + "`")
	place, err := h.service.Resolve(t.Context(), h.adaAt(h.now()), "", "berlin")
	h.must(err)
	_, err = h.service.SuspendKey(t.Context(), h.adaAt(h.now()), place, clientID, "a test")
	h.must(err)
	b.js(`document.querySelector("[data-result]").textContent = ""`)
	b.click("[data-try]")
	b.saysOnPage("suspended or revoked since")
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser says %s", complaints)
	}
}

// Where the console is at another origin than the token endpoint, its pages may not ask it: curl is left, as it is without a script.
func TestNoTrialFromAnotherOrigin(t *testing.T) {
	h := newHarness(t, func(o *server.Options) { o.ConsoleURL = "http://console.example" })
	if p := h.as("tom").create("linus", "").want(200).has("oauth2/token"); strings.Contains(p.body, "data-try") {
		t.Error("the page has a button that cannot work")
	}
	here := newHarness(t)
	here.as("tom").create("linus", "").want(200).has("oauth2/token", `data-endpoint="`+here.url+`/oauth2/token"`)
}
