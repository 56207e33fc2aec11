package passkeys_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/server/console/passkeys"
	"mintkey/server/console/passkeys/passkeytest"
)

const consoleURL = "https://console.example.com"

// ceremonies is a site with a person who has registered one device.
type ceremonies struct {
	*testing.T
	site   *passkeys.Site
	device *passkeytest.Device
	ada    policy.User
}

func newCeremonies(t *testing.T) *ceremonies {
	t.Helper()
	site, err := passkeys.New(consoleURL)
	if err != nil || site == nil {
		t.Fatal(err)
	}
	c := &ceremonies{T: t, site: site, device: passkeytest.New(consoleURL, "console.example.com")}
	c.ada = c.registered(policy.User{ID: "ada", AccountID: "acme", Name: "Ada", Email: "ada@example.com"}, c.device)
	return c
}

func (c *ceremonies) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *ceremonies) registered(u policy.User, d *passkeytest.Device) policy.User {
	c.Helper()
	begun, err := c.site.Register(u)
	c.must(err)
	passkey, err := c.site.Registered(u, begun.State, d.Register(begun.Options))
	c.must(err)
	passkey.Name = "Phone"
	u, err = u.WithPasskey(passkey)
	c.must(err)
	return u
}

func (c *ceremonies) find(h passkeys.Handle) (policy.User, error) {
	if h.User != c.ada.ID || h.Account != c.ada.AccountID {
		return policy.User{}, errNobody
	}
	return c.ada, nil
}

var errNobody = errors.New("nobody has this handle")

func TestAPasskeyProvesItsPerson(t *testing.T) {
	c := newCeremonies(t)
	begun, err := c.site.Ask(c.ada)
	c.must(err)
	proof, err := c.site.Asked(c.ada, begun.State, c.device.Sign(begun.Options))
	c.must(err)
	want := passkeys.Proof{PasskeyID: c.ada.Passkeys[0].ID, Count: 2, Flags: 5}
	if diff := cmp.Diff(want, proof); diff != "" {
		t.Error(diff)
	}
	if begun, err = c.site.AskAnybody(); err != nil {
		t.Fatal(err)
	}
	found, proof, err := c.site.Anybody(begun.State, c.device.Sign(begun.Options), c.find)
	c.must(err)
	if want.Count = 3; found.ID != "ada" || proof != want {
		t.Errorf("%v %v", found, proof)
	}
}

// Each lie is told after the password and in place of it.
func TestAnswersThatProveNothing(t *testing.T) {
	c := newCeremonies(t)
	other := passkeytest.New(consoleURL, "console.example.com")
	bob := c.registered(policy.User{ID: "bob", AccountID: "acme", Name: "Bob", Email: "bob@example.com"}, other)
	lie := func(change func(*passkeytest.Device)) func([]byte) []byte {
		return func(options []byte) []byte {
			d := *c.device
			change(&d)
			return d.Sign(options)
		}
	}
	changed := func(member string, to string) func([]byte) []byte {
		return func(options []byte) []byte {
			var answer map[string]any
			c.must(json.Unmarshal(c.device.Sign(options), &answer))
			answer["response"].(map[string]any)[member] = to
			text, err := json.Marshal(answer)
			c.must(err)
			return text
		}
	}
	for name, answer := range map[string]func(options []byte) []byte{
		"wrong origin":        lie(func(d *passkeytest.Device) { d.Origin = "https://console.example.net" }),
		"another port":        lie(func(d *passkeytest.Device) { d.Origin = consoleURL + ":8443" }),
		"not https":           lie(func(d *passkeytest.Device) { d.Origin = strings.Replace(consoleURL, "https", "http", 1) }),
		"wrong site":          lie(func(d *passkeytest.Device) { d.Site = "example.com" }),
		"nobody was there":    lie(func(d *passkeytest.Device) { d.Flags = 0 }),
		"handle of somebody":  lie(func(d *passkeytest.Device) { d.User = other.User }),
		"passkey of somebody": func(options []byte) []byte { return other.Sign(options) },
		"id of somebody":      lie(func(d *passkeytest.Device) { d.ID = other.ID }),
		"key of somebody": func(options []byte) []byte {
			d := *other
			d.ID, d.User = c.device.ID, c.device.User
			return d.Sign(options)
		},
		"not registered":       func(options []byte) []byte { return passkeytest.New(consoleURL, "console.example.com").Sign(options) },
		"signature of nothing": changed("signature", "MEUCIQ"),
		"no signature":         changed("signature", ""),
		"another challenge": func([]byte) []byte {
			again, err := c.site.Ask(c.ada)
			c.must(err)
			return c.device.Sign(again.Options)
		},
		"a registration": func(options []byte) []byte { return c.device.Register(options) },
		"nothing":        func([]byte) []byte { return nil },
		"no answer":      func([]byte) []byte { return []byte("{}") },
	} {
		begun, err := c.site.Ask(c.ada)
		c.must(err)
		if name != "a registration" {
			if _, err := c.site.Asked(c.ada, begun.State, answer(begun.Options)); !errors.Is(err, passkeys.ErrRefused) {
				t.Errorf("%s, after the password: %v", name, err)
			}
		}
		begun, err = c.site.AskAnybody()
		c.must(err)
		if name == "a registration" {
			continue // the options name nobody to register
		}
		_, _, err = c.site.Anybody(begun.State, answer(begun.Options), func(h passkeys.Handle) (policy.User, error) {
			if h.User == "bob" && name != "passkey of somebody" {
				return bob, nil
			}
			return c.find(h)
		})
		if !errors.Is(err, passkeys.ErrRefused) && !errors.Is(err, errNobody) {
			t.Errorf("%s, in place of the password: %v", name, err)
		}
	}
}

func TestAnotherPersonsCeremony(t *testing.T) {
	c := newCeremonies(t)
	bob := c.registered(policy.User{ID: "bob", AccountID: "acme"}, passkeytest.New(consoleURL, "console.example.com"))
	begun, err := c.site.Ask(c.ada)
	c.must(err)
	if _, err := c.site.Asked(bob, begun.State, c.device.Sign(begun.Options)); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("asked of Ada, answered for Bob: %v", err)
	}
	if begun, err = c.site.Register(c.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := c.site.Registered(bob, begun.State, c.device.Register(begun.Options)); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("begun by Ada, registered for Bob: %v", err)
	}
}

// A key without a PIN or a finger is enough after a password, and not in place of one.
func TestInPlaceOfAPasswordTheDeviceVerifiesThePerson(t *testing.T) {
	c := newCeremonies(t)
	c.device.Flags = passkeytest.UserPresent
	begun, err := c.site.Ask(c.ada)
	c.must(err)
	_, err = c.site.Asked(c.ada, begun.State, c.device.Sign(begun.Options))
	c.must(err)
	begun, err = c.site.AskAlone(c.ada)
	c.must(err)
	if _, err := c.site.Asked(c.ada, begun.State, c.device.Sign(begun.Options)); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("of Ada: %v", err)
	}
	if begun, err = c.site.AskAnybody(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.site.Anybody(begun.State, c.device.Sign(begun.Options), c.find); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("of anybody: %v", err)
	}
}

func TestARemovedPasskeyProvesNothing(t *testing.T) {
	c := newCeremonies(t)
	begun, err := c.site.Ask(c.ada)
	c.must(err)
	c.ada.Passkeys = nil
	if _, err := c.site.Asked(c.ada, begun.State, c.device.Sign(begun.Options)); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("%v", err)
	}
	if begun, err = c.site.AskAnybody(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.site.Anybody(begun.State, c.device.Sign(begun.Options), c.find); !errors.Is(err, passkeys.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// Every handle fits into a device and leads back to its user.
func TestHandles(t *testing.T) {
	const id = "0193a3c1-7d5a-7c1e-9a55-0242ac120002"
	long := strings.Repeat("a", 63)
	for _, u := range []policy.User{
		{AccountID: "acme", ID: "ada"},
		{AccountID: id, ID: id},
		{AccountID: long, ID: long},
		{AccountID: "acme", ID: long},
		{AccountID: strings.ToUpper(id)[:4], ID: id},
		{AccountID: long, ID: id},
	} {
		c := newCeremonies(t)
		device := passkeytest.New(consoleURL, "console.example.com")
		u.AccountID = strings.ToLower(u.AccountID)
		u = c.registered(u, device)
		begun, err := c.site.AskAnybody()
		c.must(err)
		_, _, err = c.site.Anybody(begun.State, device.Sign(begun.Options), func(h passkeys.Handle) (policy.User, error) {
			if h.User != u.ID || h.Account != u.AccountID && (h.Account != "" || len(u.AccountID)+len(u.ID)+2 <= 64) {
				t.Errorf("%v for %s/%s", h, u.AccountID, u.ID)
			}
			return u, nil
		})
		c.must(err)
		for _, broken := range [][]byte{nil, {}, device.User[:1], append([]byte{7}, device.User...), append(device.User, 1), {0, 0}, {0xff, 1}} {
			device.User = broken
			begun, err := c.site.AskAnybody()
			c.must(err)
			find := func(passkeys.Handle) (policy.User, error) { return u, nil }
			if _, _, err := c.site.Anybody(begun.State, device.Sign(begun.Options), find); !errors.Is(err, passkeys.ErrRefused) {
				t.Errorf("handle %x: %v", broken, err)
			}
		}
	}
}

func TestNoPasskeysAtAnAddress(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:8080", "https://[::1]"} {
		if site, err := passkeys.New(url); site != nil || err != nil {
			t.Errorf("%s: %v %v", url, site, err)
		}
	}
	for _, url := range []string{"http://localhost:8080", "https://keys.example.com:8443"} {
		if site, err := passkeys.New(url); site == nil || err != nil {
			t.Errorf("%s: %v %v", url, site, err)
		}
	}
}
