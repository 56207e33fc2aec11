package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/console/passkeys/passkeytest"
	"mintkey/store"
)

const (
	secondFactorPath = "/console/sign-in/second-factor"
	newPasskeyPath   = "/console/account/passkeys/new"
	recoveryPath     = "/console/account/recovery-codes"
	factorRulePath   = "/console/security/second-factor"
)

// named gives the console a name, which passkeys need, in place of an address.
func named(o *server.Options) { o.ConsoleURL = strings.Replace(o.Issuer, "127.0.0.1", "localhost", 1) }

// device is one that is new to the console.
func (h *harness) device() *passkeytest.Device {
	return passkeytest.New(strings.Replace(h.url, "127.0.0.1", "localhost", 1), "localhost")
}

var (
	optionsPattern  = regexp.MustCompile(`data-options="([^"]+)"`)
	ceremonyPattern = regexp.MustCompile(`name="ceremony" value="([^"]+)"`)
	codePattern     = regexp.MustCompile(`[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}`)
)

// asked returns what the page asks a device.
func (p page) asked() (ceremony string, options []byte) {
	p.Helper()
	code, given := ceremonyPattern.FindStringSubmatch(p.body), optionsPattern.FindStringSubmatch(p.body)
	if code == nil || given == nil {
		p.Fatalf("%s asks for no passkey: %s", p.what, p.text())
	}
	return code[1], []byte(html.UnescapeString(given[1]))
}

func (p page) codes() []string { return codePattern.FindAllString(p.body, -1) }

// register adds the device and returns the recovery codes, if there were any.
func (v *visitor) register(d *passkeytest.Device, name string) []string {
	v.Helper()
	ceremony, options := v.get(newPasskeyPath).want(200).asked()
	p := v.post(newPasskeyPath, form{"name": {name}, "ceremony": {ceremony}, "answer": {string(d.Register(options))}})
	if p.status == http.StatusSeeOther {
		return nil
	}
	return p.want(200).codes()
}

// password signs in as far as a password goes, to the second step.
func (v *visitor) password(user string) *visitor {
	v.Helper()
	v.post("/console/sign-in", form{"email": {emailOf(user)}, "password": {password}}).leadsTo(secondFactorPath)
	return v
}

// second answers the second step with the device.
func (v *visitor) second(d *passkeytest.Device) page {
	v.Helper()
	ceremony, options := v.get(secondFactorPath).want(200).asked()
	return v.post(secondFactorPath, form{"ceremony": {ceremony}, "answer": {string(d.Sign(options))}})
}

func (v *visitor) code(code string) page {
	v.Helper()
	return v.post(secondFactorPath, form{"recovery_code": {code}})
}

// anybody asks for a passkey in place of a password.
func (v *visitor) anybody() (ceremony string, options []byte) {
	v.Helper()
	var begun struct {
		Ceremony string          `json:"ceremony"`
		Options  json.RawMessage `json:"options"`
	}
	v.post("/console/sign-in/passkey/options", nil).want(200).into(&begun)
	return begun.Ceremony, begun.Options
}

func (v *visitor) byPasskey(d *passkeytest.Device) page {
	v.Helper()
	ceremony, options := v.anybody()
	return v.post("/console/sign-in/passkey", form{"ceremony": {ceremony}, "answer": {string(d.Sign(options))}})
}

// refusals are the reasons of the refused sign-ins so far.
func (h *harness) refusals() map[string]int {
	h.Helper()
	h.flush()
	events, err := h.store.Events(h.Context(), "acme", store.EventsQuery{Limit: 100})
	h.must(err)
	reasons := map[string]int{}
	for _, e := range events {
		if e.Action == policy.ActionSessionRefused {
			reasons[e.Details["method"]+" "+e.Details["reason"]]++
		}
	}
	return reasons
}

func TestSignInWithAPasskey(t *testing.T) {
	h := newHarness(t, named)
	grace, phone := h.as("grace"), h.device()
	grace.get("/console/account").says("Passkeys", "Add a passkey")
	codes := grace.register(phone, "Phone")
	if len(codes) != 10 {
		t.Fatalf("codes %v", codes)
	}
	grace.get("/console/account").says("Phone", "never used", "10 recovery codes are left.")

	v := h.visitor()
	v.get("/console/sign-in").has("Sign in with a passkey", `autocomplete="username webauthn"`)
	v.byPasskey(phone).leadsTo("/console")
	v.get("/console/account").says("Grace Hopper").saysNot("never used")

	// The password alone is not enough, and its page opens nothing.
	v = h.visitor().password("grace")
	v.get("/console/account").want(303)
	v.second(phone).leadsTo("/console")
	v.get("/console/account").want(200)

	stored, err := h.store.User(t.Context(), "acme", "grace")
	h.must(err)
	if p := stored.Passkeys[0]; p.SignCount != 3 || p.LastUsedAt.IsZero() || p.Name != "Phone" {
		t.Errorf("%+v", p)
	}
}

func TestTheFirstPasskeyEndsSessionsByPasswordAlone(t *testing.T) {
	h := newHarness(t, named)
	other, grace := h.as("grace"), h.as("grace")
	phone, key := h.device(), h.device()
	grace.register(phone, "Phone")
	if other.signedIn() || !grace.signedIn() {
		t.Error("the wrong session has ended")
	}
	if more := grace.register(key, "Key"); more != nil {
		t.Errorf("a second passkey brought codes: %v", more)
	}
	third := h.visitor()
	third.byPasskey(phone).leadsTo("/console")
	fourth := h.visitor()
	fourth.byPasskey(key).leadsTo("/console")
	grace.post(passkeyPath(t, grace, "Phone"), form{}).leadsTo("/console/account")
	grace.get("/console/account").says("Removed the passkey “Phone”.", "Key")
	if third.signedIn() || !fourth.signedIn() || !grace.signedIn() {
		t.Error("the sessions of the removed passkey, and they alone, end")
	}
	h.visitor().byPasskey(phone).want(401).says("That passkey proves nothing here")
	// With the last one the codes go, and the password is enough again. The session that removes it goes on.
	fourth.post(passkeyPath(t, fourth, "Key"), form{}).leadsTo("/console/account")
	fourth.get("/console/account").says("Removed the passkey").saysNot("recovery code")
	h.as("grace").get(recoveryPath).want(409).says("Add a passkey on My account first.")
}

// passkeyPath is where the visitor removes the passkey of the name.
func passkeyPath(t *testing.T, v *visitor, name string) string {
	t.Helper()
	link := regexp.MustCompile(`<a[^>]*href="([^"]+/remove)"[^>]*aria-label="Remove ` + name + `"`)
	found := link.FindStringSubmatch(v.get("/console/account").body)
	if found == nil {
		t.Fatalf("no passkey %s", name)
	}
	return found[1]
}

// An answer counts once, for the person and the purpose that it was asked for, and for some minutes.
func TestAnswersOfPasskeysCountOnce(t *testing.T) {
	h := newHarness(t, named)
	phone, other := h.device(), h.device()
	h.as("grace").register(phone, "Phone")
	h.as("linus").register(other, "Phone")

	v := h.visitor()
	ceremony, options := v.anybody()
	answer := form{"ceremony": {ceremony}, "answer": {string(phone.Sign(options))}}
	h.visitor().post("/console/sign-in/passkey", answer).leadsTo("/console")
	v.post("/console/sign-in/passkey", answer).want(401)

	ceremony, options = v.anybody()
	h.advance(15 * time.Minute)
	late := form{"ceremony": {ceremony}, "answer": {string(phone.Sign(options))}}
	v.post("/console/sign-in/passkey", late).want(401)

	// A challenge for anybody does not do as a second factor, nor the other way, nor that of one person for another.
	ceremony, options = v.anybody()
	v.password("grace")
	v.post(secondFactorPath, form{"ceremony": {ceremony}, "answer": {string(phone.Sign(options))}}).want(401)
	ceremony, options = v.get(secondFactorPath).asked()
	v.post("/console/sign-in/passkey", form{"ceremony": {ceremony}, "answer": {string(phone.Sign(options))}}).want(401)
	ceremony, options = h.visitor().password("linus").get(secondFactorPath).asked()
	v.post(secondFactorPath, form{"ceremony": {ceremony}, "answer": {string(other.Sign(options))}}).want(401)
	v.second(other).want(401).says("That passkey proves nothing here")
	v.post(secondFactorPath, form{}).want(401)
	v.get("/console/account").want(303)
	v.second(phone).leadsTo("/console")

	// Of many who answer one challenge at once, one gets in.
	ceremony, options = v.anybody()
	same := form{"ceremony": {ceremony}, "answer": {string(phone.Sign(options))}}
	var all sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		all.Go(func() { statuses[i] = h.visitor().post("/console/sign-in/passkey", same).status })
	}
	all.Wait()
	in := 0
	for _, status := range statuses {
		if status == http.StatusSeeOther {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%v", statuses)
	}
}

func TestPasskeysThatLie(t *testing.T) {
	h := newHarness(t, named)
	phone := h.device()
	grace := h.as("grace")
	grace.register(phone, "Phone")
	for name, lie := range map[string]func(*passkeytest.Device){
		"another origin":   func(d *passkeytest.Device) { d.Origin = "https://localhost.example" },
		"another site":     func(d *passkeytest.Device) { d.Site = "example.com" },
		"not verified":     func(d *passkeytest.Device) { d.Flags = passkeytest.UserPresent },
		"somebody else's":  func(d *passkeytest.Device) { d.User = []byte("\x04acme\x05linus") },
		"nobody's":         func(d *passkeytest.Device) { d.User = []byte("\x04acme\x06nobody") },
		"another account":  func(d *passkeytest.Device) { d.User = []byte("\x05rival\x05grace") },
		"no handle at all": func(d *passkeytest.Device) { d.User = nil },
		"unknown":          func(d *passkeytest.Device) { *d = *h.device(); d.User = phone.User },
	} {
		liar := *phone
		lie(&liar)
		if p := h.visitor().byPasskey(&liar); p.status != 401 {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	// A copy that has fallen behind is told from the device, and the trail says so (WebAuthn section 7.2, step 22).
	copied := *phone
	h.visitor().byPasskey(phone).leadsTo("/console")
	h.visitor().byPasskey(phone).leadsTo("/console")
	h.visitor().byPasskey(&copied).want(403).says("somebody may have a copy of it")
	h.visitor().password("grace").second(&copied).want(403)
	reasons := h.refusals()
	if reasons["passkey copied_passkey"] != 1 || reasons["password_and_passkey copied_passkey"] != 1 || reasons["passkey wrong_passkey"] == 0 {
		t.Errorf("%v", reasons)
	}
	h.visitor().byPasskey(phone).leadsTo("/console")

	h.as("ada").post("/console/users/grace", yes(form{"do": {"disable"}})).want(303)
	h.visitor().byPasskey(phone).want(401)
	grace.get(newPasskeyPath).want(303)
}

// A new password, chosen through a link too, does not lift the second factor.
func TestANewPasswordDoesNotLiftTheSecondFactor(t *testing.T) {
	m := newMailing(t, named)
	phone := m.device()
	m.as("grace").register(phone, "Phone")
	m.as("ada").post("/console/users/grace", yes(form{"do": {"password"}, "password": {another}})).want(303)
	v := m.visitor()
	v.post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {another}}).leadsTo(secondFactorPath)
	v.second(phone).leadsTo("/console")
	if text := m.mails(); !strings.Contains(strings.Join(text, "\n"), "was added. With it") {
		t.Errorf("mails: %s", text)
	}
}

func TestRecoveryCodesInTheConsole(t *testing.T) {
	h := newHarness(t, named)
	phone, grace := h.device(), h.as("grace")
	codes := grace.register(phone, "Phone")
	v := h.visitor().password("grace")
	v.get(secondFactorPath).says("Use a recovery code", "Passkeys need JavaScript")
	v.code("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA").want(401).says("That is none of your recovery codes")
	v.code(strings.ToLower(codes[0])).leadsTo("/console")
	v.get("/console/account").says("That recovery code is used up. 9 recovery codes are left.")
	h.visitor().password("grace").code(codes[0]).want(401)

	p := v.submit(recoveryPath, form{}).want(200)
	fresh := p.codes()
	if len(fresh) != 10 || cmp.Equal(fresh, codes) {
		t.Fatalf("codes %v", fresh)
	}
	p.says("They are shown only this once.")
	h.visitor().password("grace").code(codes[1]).want(401)
	h.visitor().password("grace").code(fresh[1]).leadsTo("/console")

	// Guesses are counted before they are looked at.
	guesser := h.visitor().password("grace")
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 20 {
		all.Go(func() {
			status := guesser.code("AAAA-AAAA-AAAA-AAAA-AAAA-AAAA").status
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	if all.Wait(); statuses[401] > 10 || statuses[429] < 10 {
		t.Errorf("%v", statuses)
	}
}

// The second step is bound to the password that was right, and lasts some minutes.
func TestTheSecondStepEnds(t *testing.T) {
	h := newHarness(t, named)
	phone := h.device()
	codes := h.as("grace").register(phone, "Phone")
	h.visitor().get(secondFactorPath).leadsTo("/console/sign-in")
	h.visitor().code(codes[0]).want(401).says("Sign in again.")
	late := h.visitor().password("grace")
	h.advance(15 * time.Minute)
	late.code(codes[0]).want(401).says("Sign in again.")
	ada := h.as("ada")
	for name, change := range map[string]form{
		"another password": {"do": {"password"}, "password": {another}}, "disabled": {"do": {"disable"}},
	} {
		v := h.visitor()
		v.post("/console/sign-in", form{"email": {emailOf("grace")}, "password": {password}}).leadsTo(secondFactorPath)
		ada.post("/console/users/grace", yes(change)).want(303)
		if p := v.code(codes[0]); p.status != 401 {
			t.Errorf("%s: %d", name, p.status)
		}
		hash, err := passwordHash()
		h.must(err)
		h.must(h.store.UpdateUser(t.Context(), "acme", "grace", func(u policy.User) (policy.User, []policy.Event, error) {
			u.Disabled, u.PasswordHash = false, hash
			return u, nil, nil
		}))
	}
}

func TestAnAdminTakesAwayASecondFactor(t *testing.T) {
	h := newHarness(t, named)
	h.user("acme", "olga", "Olga Operator", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	grace := h.as("grace")
	grace.register(h.device(), "Phone")
	h.as("olga").register(h.device(), "Phone")
	ada := h.as("ada")
	ada.get("/console/users/grace").says("Take away the second factor")
	ada.post("/console/users/grace", yes(form{"do": {"reset-second-factor"}})).leadsTo("/console/users/grace")
	ada.get("/console/users/grace").says("The password alone signs Grace Hopper in again").saysNot("Take away")
	if grace.signedIn() {
		t.Error("her session goes on")
	}
	h.as("grace")
	ada.post("/console/users/olga", yes(form{"do": {"reset-second-factor"}})).want(403)
	h.visitor().password("olga")
	h.as("tom").post("/console/users/grace", yes(form{"do": {"reset-second-factor"}})).want(403)
}
