package console_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/server/console"
	"mintkey/server/console/openid"
)

var screenshots = flag.String("screenshots", "", "folder to write a picture of every page to")

// scene is a page in a given state.
type scene struct {
	name  string
	who   string // signs in; empty for nobody
	path  string
	after func(b *browser) // actions before the check
}

// gallery lists every page, for the accessibility test and for make screenshots.
func gallery(h *harness) []scene {
	_, _ = h.key("berlin", "ada", "Ada’s terminal", 2)
	nightly, _ := h.key("berlin", "grace", "nightly load test", 65)
	h.used(nightly, 3*time.Hour)
	second, _ := h.key("berlin", "grace", "nightly load test (rotation)", 12)
	h.used(second, 20*time.Minute)
	urgent, _ := h.key("berlin", "linus", "build agent", 85)
	h.used(urgent, 40*time.Second)
	_, _ = h.key("berlin", "tom", "", 95)
	_, _ = h.key("lisbon", "grace", "k6 smoke test", 30)
	limited, _ := h.key("berlin", "ada", "contractor", 40)
	h.limit("ada", limited, policy.KeyPatch{
		AllowedNetworks: &[]string{"192.0.2.0/24", "2001:db8::/32"}, Audiences: &[]string{"https://api.example"},
		TokenLifetimeSeconds: new(300), TokensPerMinute: new(60), ExpiresAt: new(start.Add(20 * policy.Day)),
	})
	waiting := h.waiting("lisbon", "grace", "Windows load generator")
	h.busy([]string{nightly, second, urgent})
	chosen := h.passwordLink("linus")
	h.must(h.store.UpdateTenant(h.Context(), "berlin", func(t policy.Tenant) (policy.Tenant, []policy.Event, error) {
		t.NoticeAddresses = []string{"loadtest-ops@acme.example", "oncall@acme.example"}
		return t, nil, nil
	}))
	return append([]scene{
		{name: "sign-in", path: "/console/sign-in"},
		{name: "sign-in-away", path: "/console/sign-in?next=%2Fconsole%2Faccount", after: func(b *browser) {
			b.click(`a[href^="/console/sign-in/oidc"]`)
			b.see(".alert")
		}},
		{name: "sign-in-wrong", path: "/console/sign-in", after: func(b *browser) {
			b.fill("#email", "ada@acme.example")
			b.fill("#password", "wrong password")
			b.click("button[type=submit]")
			b.see(".alert")
		}},
		{name: "forgot-password", path: "/console/forgot-password"},
		{name: "forgot-password-mailed", path: "/console/forgot-password", after: func(b *browser) {
			b.fill("#email", "linus@acme.example")
			b.click("button[type=submit]")
			b.saysOnPage("a mail with a link is on its way")
		}},
		{name: "password", path: chosen},
		{name: "password-wrong", path: chosen, after: func(b *browser) {
			b.fill("#password", another)
			b.fill("#password_again", password)
			b.click("button[type=submit]")
			b.see(".field-error")
		}},
		{name: "password-set", path: chosen, after: func(b *browser) {
			b.fill("#password", another)
			b.fill("#password_again", another)
			b.click("button[type=submit]")
			b.see(".notice")
		}},
		{name: "password-dead", path: chosen},
		{name: "api-access", who: "tom", path: "/console/tenants/berlin/keys"},
		{name: "api-access-no-match", who: "tom", path: "/console/tenants/berlin/keys?q=nobody"},
		{name: "api-access-empty", who: "ada", path: "/console/tenants/oslo/keys"},
		{name: "create", who: "tom", path: "/console/tenants/berlin/keys/new"},
		{name: "create-wrong", who: "tom", path: "/console/tenants/berlin/keys/new", after: func(b *browser) {
			b.do(chromedp.SetAttributes(chromedp.CSS("#label"), map[string]string{"maxlength": "999"}))
			b.click(`input[value="tom"]`)
			b.do(chromedp.SetValue(chromedp.CSS("#label"), string(make([]byte, 3))))
			b.click(".form button[type=submit].primary")
			b.see(".field-error")
		}},
		{name: "create-limits", who: "tom", path: "/console/tenants/berlin/keys/new", after: func(b *browser) {
			b.click(`input[value="linus"]`)
			b.click("details.limits summary")
			b.fill("#networks", "192.0.2.0/24\nbuild.example")
			b.fill("#lifetime", "300")
			b.click(".form button[type=submit].primary")
			b.see("#networks-error")
		}},
		{name: "edit", who: "tom", path: "/console/tenants/berlin/keys/" + limited + "/edit"},
		{name: "secret", who: "tom", path: "/console/tenants/berlin/keys/new", after: func(b *browser) {
			b.click(`input[value="linus"]`)
			b.fill("#label", "deploy job")
			b.click(".form button[type=submit].primary")
			b.see("#client-secret")
			b.click("[data-try]")
			b.see(".try-result.works, .try-result.fails")
		}},
		{name: "ready-for-pick-up", who: "tom", path: "/console/tenants/berlin/keys/new", after: func(b *browser) {
			b.click(`input[value="tom"]`)
			b.click(`input[value="pick-up"]`)
			b.click(".form button[type=submit].primary")
			b.see("#link")
		}},
		{name: "refresh", who: "tom", path: "/console/tenants/berlin/keys/" + urgent + "/refresh"},
		{name: "revoke", who: "tom", path: "/console/tenants/berlin/keys/" + nightly + "/revoke"},
		{name: "revoke-dialog", who: "tom", path: "/console/tenants/berlin/keys", after: func(b *browser) {
			b.click(`a[href$="` + nightly + `/revoke"]`)
			b.see("dialog[open] .sheet")
		}},
		{name: "my-account", who: "grace", path: "/console/account"},
		{name: "my-account-empty", who: "ada", path: "/console/account"},
		{name: "security", who: "ada", path: "/console/security"},
		{name: "security-preview", who: "ada", path: "/console/security?enabled=on&period_days=120"},
		{name: "security-off", who: "ada", path: "/console/security", after: func(b *browser) {
			b.click("#enabled")
			b.see("#acknowledge_risk")
			b.click(".policy .primary")
			b.see(".field-error")
		}},
		{name: "activity", who: "ada", path: "/console/activity"},
		{name: "activity-none", who: "ada", path: "/console/activity?key=mk_nothing"},
		{name: "traffic-hour", who: "ada", path: trafficPath + "?range=1h"},
		{name: "traffic-day", who: "ada", path: trafficPath},
		{name: "traffic-week", who: "ada", path: trafficPath + "?range=7d", after: func(b *browser) {
			b.click("details.more summary")
			b.see(".numbers")
		}},
		{name: "traffic-quarter", who: "ada", path: trafficPath + "?range=90d&tenant=berlin"},
		{name: "traffic-key", who: "ada", path: trafficPath + "?range=30d&key=" + urgent},
		{name: "traffic-empty", who: "ada", path: trafficPath + "?range=1h&tenant=oslo"},
		{name: "traffic-none", who: "rita", path: trafficPath},
		{name: "insights", who: "ada", path: insightsPath},
		{name: "first-steps", who: "rita", path: "/console/tenants/rome/keys"},
		{name: "first-steps-done", who: "ada", path: firstStepsPath},
		{name: "users", who: "ada", path: "/console/users"},
		{name: "user", who: "ada", path: "/console/users/grace"},
		{name: "user-new", who: "ada", path: "/console/users/new"},
		{name: "tenants", who: "ada", path: "/console/tenants"},
		{name: "tenant-new", who: "ada", path: "/console/tenants/new"},
		{name: "pick-up", who: "grace", path: waiting},

		{name: "key", who: "tom", path: "/console/tenants/berlin/keys/" + urgent},
		{name: "key-limits", who: "ada", path: "/console/tenants/berlin/keys/" + limited},
		{name: "tenant", who: "ada", path: "/console/tenants/berlin/settings"},
		{name: "tenant-member-search", who: "tom", path: "/console/tenants/berlin/settings?q=grace"},
		{name: "user-delete", who: "ada", path: "/console/users/grace/delete"},
		{name: "own-key", who: "grace", path: "/console/account/keys/" + nightly},

		{name: "not-found", who: "grace", path: "/console/nothing"},
	}, slices.Concat(placeScenes(h), questions(urgent), ownSignInScenes())...)
}

// questions are the dialogs before something ends, and what goes wrong.
func questions(key string) []scene {
	return []scene{
		{name: "ask-disable", who: "ada", path: "/console/users/grace", after: func(b *browser) {
			b.click(`form:has([value="disable"]) button`)
			b.see("dialog[open] .hits")
		}},
		{name: "ask-policy", who: "ada", path: "/console/security?enabled=on&period_days=120", after: func(b *browser) {
			b.click(".policy .primary")
			b.see("dialog[open] .sheet")
		}},
		{name: "ask-suspend-tenant", who: "ada", path: "/console/tenants/berlin/suspend"},
		{name: "ask-last-admin", who: "ada", path: "/console/users/ada", after: func(b *browser) {
			b.js(`document.querySelector("form.member[action*='/berlin/'] select").value = ""`)
			b.click("form.member[action*='/berlin/'] button")
			b.see(".member-fault")
		}},
		{name: "failed", who: "tom", path: "/console/tenants/berlin/keys", after: func(b *browser) {
			b.js(`htmx.ajax("get", "/console/tenants/berlin/keys/mk_gone/revoke", {
				source: document.querySelector('a[href$="` + key + `/revoke"]'),
			})`)
			b.see(".failed")
		}},
		{name: "no-pick-up", who: "tom", path: "/console/pick-up/NEVER"},
	}
}

// ownSignInScenes come last: they move the clock on.
func ownSignInScenes() []scene {
	return []scene{
		{name: "own-password", who: "grace", path: "/console/account/password"},
		{name: "own-password-wrong", who: "grace", path: "/console/account/password", after: func(b *browser) {
			b.fill("#proof", "wrong password")
			b.fill("#password", another)
			b.fill("#password-again", another)
			b.click(".form button[type=submit].primary")
			b.see("#proof-error")
		}},
		{name: "sign-ins", who: "grace", path: "/console/account/sign-ins"},
		{name: "is-it-you", who: "ada", path: "/console/users/grace", after: func(b *browser) {
			b.harness.advance(quarter)
			b.click(".form button[type=submit].primary")
			b.see("#proof")
		}},
		{name: "is-it-you-wrong", who: "ada", path: "/console/users/grace", after: func(b *browser) {
			b.click(".form button[type=submit].primary")
			b.fill("#proof", "wrong password")
			b.click(".prove button[type=submit].primary")
			b.see(".alert")
		}},
	}
}

// galleryHarness offers mail, and sign-in at a provider that can't be reached.
func galleryHarness(t *testing.T) *harness {
	t.Helper()
	return galleryHarnessWith(t, func(*server.Options) {})
}

func galleryHarnessWith(t *testing.T, change func(*server.Options)) *harness {
	t.Helper()
	return newHarness(t, withMail, withAudiences, change, func(o *server.Options) {
		o.OpenID = console.OpenID{Options: openid.Options{Issuer: "http://127.0.0.1:1", ClientID: "mintkey"}, Name: "Example Workplace"}
	})
}

type appearance struct {
	name          string
	width, height int64
	scheme        string // light, dark, or forced: colours of the reader's own
}

func appearances() []appearance {
	return []appearance{
		{"desktop-light", 1360, 860, "light"},
		{"desktop-dark", 1360, 860, "dark"},
		{"phone-light", 360, 760, "light"},
		{"phone-dark", 360, 760, "dark"},
		{"desktop-forced", 1360, 860, "forced"},
	}
}

// TestScreenshots writes every page in every appearance.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots asks for them")
	}
	for _, a := range appearances() {
		t.Run(a.name, func(t *testing.T) {
			h := galleryHarness(t)
			h.must(os.MkdirAll(*screenshots, 0o750))
			h.eachScene(gallery(h), a, func(b *browser, s scene) {
				picture := run(b, chromedp.FullScreenshot(100))
				h.must(os.WriteFile(filepath.Join(*screenshots, s.name+"-"+a.name+".png"), picture, 0o600))
			})
		})
	}
}

// eachScene opens each scene, with one browser per person.
func (h *harness) eachScene(scenes []scene, a appearance, look func(*browser, scene)) {
	h.Helper()
	browsers := map[string]*browser{}
	for _, s := range scenes {
		b, ok := browsers[s.who]
		if !ok {
			b = newBrowser(h.T, h)
			b.look(a.width, a.height, a.scheme)
			if s.who != "" {
				b.signIn(emailOf(s.who))
			}
			browsers[s.who] = b
		}
		b.open(s.path)
		if s.after != nil {
			s.after(b)
		}
		look(b, s)
	}
}
