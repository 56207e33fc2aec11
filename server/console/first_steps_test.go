package console_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"mintkey/policy"
	"mintkey/server"
	"mintkey/tokens"
)

const firstStepsPath = "/console/first-steps"

// newAccount is one without anything but an admin, Nora.
func (h *harness) newAccount() {
	h.Helper()
	h.must(h.store.CreateAccount(h.Context(), policy.Account{
		ID: "fresh", Name: "Fresh Start", CreatedAt: h.now(), Expiration: policy.DefaultExpirationPolicy(h.now()),
	}))
	h.user("fresh", "nora", "Nora Barlow", policy.RoleAccountAdmin)
}

// An admin of a new account is led from nothing to the first token, which takes no more than the pages that they are led to.
func TestBrowserFirstSteps(t *testing.T) { onEachStore(t, testBrowserFirstSteps) }

func testBrowserFirstSteps(t *testing.T, h *harness) {
	h.newAccount()
	b := newBrowser(t, h)
	b.signIn("nora@fresh.example")
	b.saysOnPage("Four steps to the first token")
	b.saysOnPage("Which API are the tokens for?")
	b.click(".first-steps .button.primary")
	b.fill("#name", "Berlin")
	b.fill("#id", "fresh-berlin")
	b.fill("#release", "24.3")
	b.click(".form .primary")
	b.click(`.first-steps a[href="/console/users/new"]`)
	b.fill("#name", "Nightly build")
	b.fill("#email", "team@fresh.example")
	b.click(`input[value="service"]`)
	b.click(".form .primary")
	b.see(".member select")
	b.do(chromedp.SetValue(chromedp.CSS(".member select"), "member"))
	b.click(".member button")
	b.until(`document.querySelector(".member option[selected]")?.value === "member"`)
	b.open("/console")
	b.click(`.first-steps a[href$="/fresh-berlin/keys/new"]`)
	b.click(`.choice input[name="user"]`)
	b.click(".form button.primary")
	b.click("[data-try]")
	b.saysOnPage("It works: a token for " + h.url)
	b.open(firstStepsPath)
	b.saysOnPage("All done")
	b.open("/console")
	b.see(".filters, table")
	if run(b, chromedp.Evaluate[bool](`document.querySelector(".first-steps") !== null`)) {
		t.Error("the first steps are shown when they are done")
	}
	if complaints := b.complaints(); len(complaints) > 0 {
		t.Errorf("the browser says %s", complaints)
	}
}

// The first steps are for admins of an account, can be hidden, and are found again.
func TestFirstStepsWithoutScript(t *testing.T) {
	h := newHarness(t, func(o *server.Options) {
		o.Audiences = append(o.Audiences, server.Audience{Name: "https://api.example", Algorithm: tokens.ES256})
	})
	h.newAccount()
	nora := h.visitor()
	nora.post("/console/sign-in", form{"email": {"nora@fresh.example"}, "password": {password}}).leadsTo("/console")
	tenants := "/console/tenants"
	nora.get(tenants).says("Four steps to the first token", "Create a tenant", "Tokens are for https://api.example").
		has(`aria-current="step"`).saysNot("Which API")
	h.tenant("fresh", "quito", "Quito", "24.3")
	nora.get(tenants).says("Done", "Add a user", "You can be one yourself.")
	h.member("quito", "nora", policy.RoleMember)
	nora.get(tenants).says("Create an access key").has(`href="/console/tenants/quito/keys/new"`)
	nora.post(firstStepsPath, form{}).leadsTo("/console")
	nora.get(tenants).says("Hidden. The first steps are at the foot of every page.").saysNot("Four steps")
	nora.get(firstStepsPath).want(200).says("Four steps", "Create the first access key").saysNot("Hide this")

	_, secretOf := h.key("berlin", "grace", "", 2)
	h.as("ada").get(berlinKeys).saysNot("Four steps") // an account of long ago that has keys is not new
	h.as("tom").get(berlinKeys).saysNot("Four steps", "First steps", secretOf)
	h.as("tom").get(firstStepsPath).want(403)
}
