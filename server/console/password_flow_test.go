package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Grace has forgotten her password, gets a mail, chooses another, and signs in with it.
func TestBrowserForgottenPassword(t *testing.T) {
	m := newMailing(t)
	b := newBrowser(t, m.harness)
	b.open("/console/sign-in")
	b.click(`a[href="/console/forgot-password"]`)
	b.until(`document.activeElement.id === "email"`)
	b.fill("#email", "grace@acme.example")
	b.click("button[type=submit]")
	b.saysOnPage("a mail with a link is on its way")
	link := m.link(m.mail())
	code := link[strings.LastIndex(link, "/")+1:]

	b.open(link)
	b.until(`location.pathname === "/console/password" && document.activeElement.id === "password"`)
	b.fill("#password", another)
	b.fill("#password_again", password)
	b.click("button[type=submit]")
	b.saysOnPage("This is not the same as above.")
	b.fill("#password", another)
	b.fill("#password_again", another)
	if strings.Contains(b.body(), code) || run(b, chromedp.Evaluate[string](`document.referrer`)) != "" {
		t.Error("the page has the code of the link, or the browser says where it comes from")
	}
	b.click("button[type=submit]")
	b.saysOnPage("Your password is set. Sign in with it.")
	m.advance(time.Second)

	b.until(`document.activeElement.id === "password" && document.querySelector("#email").value === "grace@acme.example"`)
	b.fill("#password", password)
	b.click("button[type=submit]")
	b.saysOnPage("do not fit together")
	b.fill("#password", another)
	b.click("button[type=submit]")
	b.see(".side")

	history := run(b, chromedp.NavigationEntries())
	for _, entry := range history.Entries {
		if strings.Contains(entry.URL, code) {
			t.Errorf("the history has the link: %s", entry.URL)
		}
	}
	b.open(link)
	b.saysOnPage("This link no longer works")
	b.click(`a[href="/console/forgot-password"]`)
	b.see("#email")
}
