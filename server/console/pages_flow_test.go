package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// In a browser a tenant admin goes from the list to the page of a key and suspends it there; its owner sees why; an account admin goes on
// to the owner's page and deletes them.
func TestFromPageToPage(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "nightly build", 12)
	tom := newBrowser(t, h)
	tom.signIn(emailOf("tom"))
	tom.open(berlinKeys)
	tom.click(`a[href$="` + clientID + `"]`)
	tom.saysOnPage("Why it expires when it does")
	tom.click(`.key-actions a[href$="/suspend"]`)
	tom.see("dialog[open] .sheet")
	tom.fill("dialog #reason", "laptop lost")
	tom.click("dialog button.danger, dialog button.primary")
	tom.saysOnPage("Suspended " + clientID)

	grace := newBrowser(t, h)
	grace.signIn(emailOf("grace"))
	grace.open("/console/account")
	grace.click(`a[href$="/keys/` + clientID + `"]`)
	grace.saysOnPage("laptop lost")
	grace.saysOnPage("Suspended access key")

	ada := newBrowser(t, h)
	ada.signIn(emailOf("ada"))
	ada.open(berlinSettings)
	ada.fill("#q", "hopper")
	ada.do(chromedp.WaitNotPresent(chromedp.CSS(`#results a[href$="/users/linus"]`)))
	ada.click(`#results a[href$="/users/grace"]`)
	ada.saysOnPage("Signed in last")
	ada.click(`a[href="/console/users/grace/delete"]`)
	ada.see("dialog[open] .sheet")
	ada.fill("dialog #confirm", emailOf("grace"))
	ada.click("dialog button.danger")
	ada.saysOnPage("Deleted Grace Hopper")
	for _, b := range []*browser{tom, grace, ada} {
		if complaints := b.complaints(); len(complaints) > 0 {
			t.Errorf("the browser says %s", complaints)
		}
	}
}
