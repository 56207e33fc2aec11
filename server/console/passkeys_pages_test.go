package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPasskeyPages checks the pages of passkeys as TestAccessibility does the others, with the longest names that there can be, and writes
// pictures of them where these are asked for. They have a browser with a device of its own, and so are no scenes of the gallery.
func TestPasskeyPages(t *testing.T) {
	for _, a := range appearances() {
		if a.name == "desktop-dark" && *screenshots == "" {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			h, b := namedBrowser(t)
			b.look(a.width, a.height, a.scheme)
			device := b.authenticator()
			axe := axeScript(t)
			look := func(name string) {
				t.Helper()
				run(b, chromedp.Evaluate[bool](axe+"; true"))
				for _, broken := range b.violations() {
					t.Errorf("%s: %s", name, broken)
				}
				if wide := run(b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > a.width {
					t.Errorf("%s is %d pixels wide on a screen of %d", name, wide, a.width)
				}
				if said := b.complaints(); len(said) > 0 {
					t.Errorf("%s: the browser says: %s", name, strings.Join(said, "; "))
				}
				if *screenshots != "" {
					h.must(os.MkdirAll(*screenshots, 0o750))
					picture := run(b, chromedp.FullScreenshot(100))
					h.must(os.WriteFile(filepath.Join(*screenshots, "passkeys-"+name+"-"+a.name+".png"), picture, 0o600))
				}
			}
			add := func(name string) {
				t.Helper()
				b.open(newPasskeyPath)
				b.fill("#name", name)
				b.click("form[data-passkey] button[type=submit]")
			}
			long := strings.Repeat("Laptopbag", 22) + "xy"

			b.open("/console/sign-in")
			look("sign-in")
			b.signIn(emailOf("ada"))
			b.open("/console/account")
			look("account-none")
			b.open(newPasskeyPath)
			look("new")
			add(long)
			b.saysOnPage("They are shown only this once.")
			look("codes")
			b.open("/console/account")
			look("account")
			b.click(`a[href$="/remove"]`)
			b.see("#dialog[open]")
			look("remove")
			b.open("/console/account")
			b.click(`a[href="` + recoveryPath + `"]`)
			b.see("#dialog[open]")
			look("codes-new")
			add("A second one on the same device")
			b.saysOnPage("This device has a passkey of yours already.")
			look("new-fault")
			b.open("/console/security")
			b.click(`a[href="` + factorRulePath + `"]`)
			b.see("#dialog[open]")
			look("rule")
			b.click("#dialog button[type=submit]")
			b.saysOnPage("Admins without a passkey can do nothing")
			look("security")

			b.present(device, false)
			linus := h.as("linus")
			linus.register(h.device(), long)
			b.open("/console/users/linus")
			look("user")
			b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/console/sign-out']").submit()`))
			b.see("#email")
			b.signIn(emailOf("tom"))
			b.saysOnPage("requires a second factor of its admins")
			look("gate")
			b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/console/sign-out']").submit()`))
			b.see("#email")
			b.fill("#email", emailOf("linus"))
			b.fill("#password", password)
			b.click("form[action='/console/sign-in'] button[type=submit]")
			b.saysOnPage("so the password alone is not enough")
			look("second-step")
		})
	}
}
