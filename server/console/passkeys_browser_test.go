package console_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"mintkey/server"
)

// authenticator gives the browser a device that verifies its person at once.
func (b *browser) authenticator() webauthn.AuthenticatorID {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	made, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
			HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	return made.AuthenticatorID
}

// present says whether the device answers by itself, also what the sign-in page offers in the e-mail field.
func (b *browser) present(device webauthn.AuthenticatorID, there bool) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{
		AuthenticatorID: device, Enabled: there,
	}); err != nil {
		b.Fatal(err)
	}
}

// namedBrowser opens the console by its name.
func namedBrowser(t *testing.T, change ...func(*server.Options)) (*harness, *browser) {
	t.Helper()
	h := newHarness(t, append(change, named)...)
	h.url = strings.Replace(h.url, "127.0.0.1", "localhost", 1)
	return h, newBrowser(t, h)
}

// Grace adds a passkey, and signs in with it after her password, in place of it, and with a code when the device is gone.
func TestBrowserPasskeys(t *testing.T) {
	h, b := namedBrowser(t)
	device := b.authenticator()
	b.signIn(emailOf("grace"))
	b.open("/console/account")
	b.click(`a[href="/console/account/passkeys/new"]`)
	b.fill("#name", "Work laptop")
	b.click("form[data-passkey] button[type=submit]")
	b.saysOnPage("They are shown only this once.")
	code := strings.Fields(run(b, chromedp.Evaluate[string](`document.getElementById("recovery-codes").textContent`)))[0]
	b.click(`a[href="/console/account"]`)
	b.saysOnPage("Work laptop")
	b.saysOnPage("10 recovery codes are left.")

	present := func(there bool) { b.present(device, there) }
	signOut := func() {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/console/sign-out']").submit()`))
		b.see("#email")
	}
	password := func() {
		signOut()
		b.fill("#email", emailOf("grace"))
		b.fill("#password", password)
		b.click(`form[action="/console/sign-in"] button[type=submit]`)
		b.saysOnPage("so the password alone is not enough")
	}
	present(false)
	password()
	present(true)
	b.click("form[data-passkey] button[type=submit]")
	b.see(".side")

	// In place of the password: the device answers what the browser offers in the e-mail field, or the button.
	present(false)
	signOut()
	b.click("form.door-passkey button[type=submit]")
	present(true)
	b.see(".side")

	if _, err := chromedp.Call(b.ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{
		AuthenticatorID: device,
	}); err != nil {
		t.Fatal(err)
	}
	password()
	b.fill("#recovery_code", strings.ToLower(code))
	b.click(`form:has(#recovery_code) button[type=submit]`)
	b.see(".side")
	b.open("/console/account")
	b.saysOnPage("9 recovery codes are left.")
	if said := b.complaints(); len(said) > 0 {
		t.Errorf("the browser complains: %q", said)
	}
	stored, err := h.store.User(t.Context(), "acme", "grace")
	h.must(err)
	if p := stored.Passkeys[0]; len(stored.Passkeys) != 1 || p.LastUsedAt.IsZero() || p.Flags&4 == 0 {
		t.Errorf("%+v", stored.Passkeys)
	}
}
