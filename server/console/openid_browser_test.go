package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A real browser goes to the provider and back: with the cookies, the redirects between sites and the policies that only it enforces.
func TestOpenIDInABrowser(t *testing.T) {
	h, _, _ := openIDHarness(t)
	b := newBrowser(t, h)
	b.open("/console/users")
	b.signInAt("ada-login")
	b.see(`a[href="/console/users/new"]`)
	if name := run(b, chromedp.Text(chromedp.CSS(".me-name"))); name != "Ada Lovelace" {
		t.Errorf("signed in as %q", name)
	}

	other := newBrowser(t, h)
	other.open("/console/account")
	other.signInAt("stranger")
	other.see(".alert")
	if text := run(other, chromedp.Text(chromedp.CSS(".alert"))); text != "The sign-in provider knows you, but nobody here has your e-mail address. Ask an admin of your account to add you." {
		t.Errorf("the page says %q", text)
	}
	if complaints := append(b.complaints(), other.complaints()...); len(complaints) > 0 {
		t.Errorf("the browsers say: %v", complaints)
	}
}

// signInAt presses the button and goes through the pages of the provider: its sign-in, then its consent.
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
