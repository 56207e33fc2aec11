package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A real browser goes to the provider and back, with the cookies, cross-site redirects and policies that only a browser enforces.
func TestOpenIDInABrowser(t *testing.T) {
	h, _, _ := openIDHarness(t)
	b := newBrowser(t, h)
	b.open("/console/users")
	b.signInAt("ada-login")
	b.see(`a[href="/console/users/new"]`)
	if name := run(b, chromedp.Text(chromedp.CSS(".me-name"))); name != "Ada Lovelace" {
		t.Errorf("signed in as %q", name)
	}

	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/console/sign-out']").submit()`))
	b.click(`a[href="/console/sign-out/oidc"]`)
	b.see("button[name=logout][value=yes]")
	b.complaints() // about the provider's page
	b.click("button[name=logout][value=yes]")
	b.saysOnPage("You are signed out, here and at Example.")
	b.click(`a[href^="/console/sign-in/oidc"]`)
	b.see("input[name=login]") // the provider asks who it is, so it has signed the person out
	b.complaints()

	other := newBrowser(t, h)
	other.open("/console/account")
	other.signInAt("stranger")
	other.see(".alert")
	want := "The sign-in provider knows you, but nobody here has your e-mail address. Ask an admin of your account to add you."
	if text := run(other, chromedp.Text(chromedp.CSS(".alert"))); text != want {
		t.Errorf("the page says %q", text)
	}
	if complaints := append(b.complaints(), other.complaints()...); len(complaints) > 0 {
		t.Errorf("the browsers say: %v", complaints)
	}
}

// signInAt presses the button and completes the provider's sign-in and consent pages.
func (b *browser) signInAt(login string) {
	b.Helper()
	b.click(`a[href^="/console/sign-in/oidc"]`)
	b.fill("input[name=login]", login)
	b.fill("input[name=password]", "any")
	b.click("button[type=submit]")
	b.see("form:has(input[value=consent])")
	b.complaints() // about the provider's pages
	b.click("button[type=submit]")
}
