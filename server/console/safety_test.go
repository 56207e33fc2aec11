package console_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"mintkey/server"
)

// everyPage lists the path of every page, with the users who may see it.
func everyPage(clientID string) map[string]string {
	key := berlinKeys + "/" + clientID
	return map[string]string{
		"/console/account":               "ada tom grace",
		"/console/tenants/berlin":        "",
		berlinKeys:                       "ada tom",
		newKey:                           "ada tom",
		key + "/refresh":                 "ada tom",
		key + "/revoke":                  "ada tom",
		key + "/transfer":                "ada tom",
		key + "/end-overlap":             "ada tom",
		"/console/security":              "ada",
		"/console/activity":              "ada",
		"/console/activity/export":       "ada",
		insightsPath:                     "ada",
		trafficPath:                      "ada",
		trafficPath + "/export":          "ada",
		securityPath + "/preview/export": "ada",
		"/console/users":                 "ada",
		"/console/users/new":             "ada",
		"/console/users/grace":           "ada",
		firstStepsPath:                   "ada",
		"/console/tenants":               "ada",
		"/console/tenants/new":           "ada",
		"/console/account/keys/" + clientID + "/refresh": "grace",
		"/console/account/keys/" + clientID + "/suspend": "grace",
		"/console/account/keys/" + clientID + "/resume":  "grace",
		"/console/account/keys/" + clientID + "/revoke":  "grace",
	}
}

// Users who may not see a page are refused, and learn nothing about its content.
func TestWalls(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "private label", 5)
	people := map[string]*visitor{}
	for _, who := range []string{"ada", "tom", "grace", "linus", "rita"} {
		people[who] = h.as(who)
	}
	for path, allowed := range everyPage(clientID) {
		h.visitor().get(path).want(303)
		if allowed == "" {
			continue
		}
		for who, v := range people {
			p := v.get(path)
			ownAddress := path == "/console/account" ||
				who == "rita" && !strings.Contains(path, "berlin") && !strings.Contains(path, "grace") && !strings.Contains(path, clientID)
			switch {
			case strings.Contains(allowed, who) || ownAddress:
				p.want(200)
			case p.status != 403 && p.status != 404:
				t.Errorf("%s as %s answered %d", p.what, who, p.status)
			}
			if (p.status != 200 || who == "rita") && strings.Contains(p.body, "private label") {
				t.Errorf("%s tells %s about a key", p.what, who)
			}
		}
	}
	if h.token(clientID, secret) != 200 {
		t.Error("looking has changed the key")
	}
}

// Sending a form needs the same rights as seeing it.
func TestWallsForForms(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "", 5)
	for _, who := range []string{"", "linus", "rita", "tom"} {
		v := h.visitor()
		if who != "" {
			v = h.as(who)
		}
		for path, values := range map[string]form{
			newKey:                                           {"user": {"linus"}, "scope": {"api"}},
			berlinKeys + "/" + clientID + "/refresh":         {"overlap": {"0"}},
			berlinKeys + "/" + clientID + "/revoke":          {},
			berlinKeys + "/" + clientID + "/transfer":        {"user": {"linus"}},
			berlinKeys + "/" + clientID + "/end-overlap":     {},
			"/console/account/keys/" + clientID + "/refresh": {"overlap": {"0"}},
			"/console/account/keys/" + clientID + "/suspend": {},
			"/console/account/keys/" + clientID + "/revoke":  {},
			"/console/security":                              {"period_days": {"90"}, "acknowledge_risk": {"on"}},
			"/console/users/new":                             {"name": {"Eve"}, "email": {"eve@acme.example"}},
			"/console/users/grace":                           {"do": {"disable"}},
			"/console/tenants/new":                           {"name": {"New"}, "release": {"24.3"}},
			"/console/tenants/berlin/members":                {"user": {"linus"}, "role": {"tenant_admin"}},
		} {
			if who == "tom" && strings.HasPrefix(path, berlinKeys) {
				continue // his job
			}
			ownAccount := who == "rita" && (path == "/console/security" || strings.HasSuffix(path, "/new") && !strings.Contains(path, "berlin"))
			p := v.post(path, values)
			toSignIn := p.status == 303 && who == "" && strings.HasPrefix(p.header.Get("Location"), "/console/sign-in")
			if toSignIn || p.status == 403 || p.status == 404 || ownAccount {
				continue
			}
			t.Errorf("%s as %q answered %d and leads to %s", p.what, who, p.status, p.header.Get("Location"))
		}
	}
	if h.token(clientID, secret) != 200 {
		t.Error("the key was changed")
	}
}

func TestHeadersAndMarkup(t *testing.T) {
	h := newHarness(t)
	h.user("acme", "mallory", `<script>alert(1)</script> " onload=x`)
	h.member("berlin", "mallory", "member")
	clientID, _ := h.key("berlin", "mallory", `"><img src=x onerror=alert(1)>`, 5)
	pages := []page{h.visitor().get("/console/sign-in"), h.as("tom").create("linus", "<b>bold</b>"), h.as("grace").get("/console/nothing")}
	for path := range everyPage(clientID) {
		if !strings.HasSuffix(path, "export") {
			pages = append(pages, h.as("ada").get(path), h.as("ada").get(path+"?q=<i>&find=<i>&label=<i>&who=<i>&name=<i>&sort=<i>&state=<i>"))
		}
	}
	inline := regexp.MustCompile(`(?i)<script(?:\s+defer)?>|<style|\sstyle=|\son[a-z]+="|javascript:|https?://[^1"<\s]|<img src=x|<i>|<b>bold`)
	for _, p := range pages {
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
				"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if got := p.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", p.what, name, got)
			}
		}
		if got := p.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", p.what, got)
		}
		if found := inline.FindString(p.body); found != "" && p.status != http.StatusSeeOther {
			t.Errorf("%s has %q in it", p.what, found)
		}
	}
}

// A form on another site has no effect, whether or not the browser sends its origin.
func TestCrossOriginPostsAreRefused(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	clientID, secret := h.key("berlin", "grace", "", 5)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		for _, path := range []string{berlinKeys + "/" + clientID + "/revoke", "/console/sign-out", "/console/sign-in"} {
			tom.post(path, form{}, func(r *http.Request) { r.Header.Set(name, value) }).want(403).says("from another site")
		}
	}
	if h.token(clientID, secret) != 200 || !tom.signedIn() {
		t.Error("a post from another site had an effect")
	}
	same := func(r *http.Request) { r.Header.Set("Origin", h.url); r.Header.Set("Sec-Fetch-Site", "same-origin") }
	tom.post(berlinKeys+"/"+clientID+"/revoke", yes(form{}), same).want(303)
}

// No access token opens a page (R27): only a session does.
func TestTokensOpenNoPage(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "ada", "", 1)
	answer := h.visitor().post("/oauth2/token", form{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
	}).want(200)
	token := regexp.MustCompile(`"access_token":"([^"]+)"`).FindStringSubmatch(answer.body)[1]
	h.visitor().get("/console/account", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }).want(303)
}

func TestClockOffsetIsSaidOnEveryPage(t *testing.T) {
	h := newHarness(t, func(o *server.Options) { o.ClockOffset = 2160 * time.Hour })
	h.visitor().get("/console/sign-in").says("clock is shifted by 2160h0m0s")
	h.as("ada").get("/console/security").says("clock is shifted by 2160h0m0s")
}

// Third-party files are unmodified.
func TestVendoredFiles(t *testing.T) {
	for name, want := range map[string]string{
		"htmx.min.js":          "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
		"modern-normalize.css": "b4ad31da9b1b17de182a08e4c39159496574d90a82464c6d5afeda7133f0e110",
	} {
		text, err := os.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s has the digest %x", name, sum)
		}
	}
}

// A page with 50 access keys stays below 100,000 bytes, and a first page with all that it loads below 50,000 on the wire.
func TestPagesAreSmall(t *testing.T) {
	h := newHarness(t)
	for i, clientID := range h.robots(60) {
		h.used(clientID, time.Duration(i)*time.Hour)
	}
	asset := regexp.MustCompile(`(?:src|href)="(/console/static/[^"]+)"`)
	packed := func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }
	const list = berlinKeys + "?q=lukasz&sort=created"
	whole := h.as("ada").get(list)
	if size := len(whole.says("1–50 of 60 keys").body); size >= 100_000 {
		t.Errorf("%s is %d bytes", whole.what, size)
	}
	for _, p := range []page{h.visitor().get("/console/sign-in"), whole} {
		path := strings.TrimPrefix(p.what, "GET ")
		size, seen := len(p.visitor.get(path, packed).want(200).body), map[string]bool{}
		for _, found := range asset.FindAllStringSubmatch(p.want(200).body, -1) {
			if !seen[found[1]] {
				seen[found[1]] = true
				file := h.visitor().get(found[1], packed).want(200)
				size += len(file.body)
				if file.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
					t.Errorf("%s is not cached", file.what)
				}
				if file.header.Get("Content-Type") == "" {
					t.Errorf("%s has no media type", file.what)
				}
			}
		}
		if size >= 50_000 || len(seen) < 3 {
			t.Errorf("%s and the %d files that it loads are %d bytes", p.what, len(seen), size)
		}
		t.Logf("%s is %d bytes, and %d packed with %d files", p.what, len(p.body), size, len(seen))
	}
}

func TestActivity(t *testing.T) { onEachStore(t, testActivity) }

func testActivity(t *testing.T, h *harness) {
	tom, ada := h.as("tom"), h.as("ada")
	clientID, _ := tom.create("linus", "=HYPERLINK(1)").revealed()
	h.advance(time.Minute)
	tom.post(berlinKeys+"/"+clientID+"/revoke", yes(form{})).want(303)
	ada.get("/console/activity").want(200).says("Tom Kilburn", "Created access key "+clientID+" of Linus Torvalds in Berlin",
		"Revoked access key", "console, 127.0.0.1", "1 minute ago")
	ada.get("/console/activity?action=key.revoked&who=tom@acme.example&key=" + clientID).
		says("Revoked access key " + clientID).saysNot("Created access key " + clientID)
	ada.get("/console/activity?who=nobody@acme.example").says("Nothing that happened fits these filters.")
	ada.get("/console/activity?since=2026-03-03").says("Nothing that happened")
	ada.get("/console/activity?until=2026-03-02").says("Revoked access key " + clientID)

	csv := ada.get("/console/activity/export?format=csv&key=" + clientID).want(200)
	lines := strings.Split(strings.TrimSpace(csv.body), "\n")
	if len(lines) != 3 || !strings.Contains(lines[1], ",key.revoked,tom,") || !strings.Contains(lines[2], "label: =HYPERLINK(1)") ||
		!strings.HasSuffix(lines[0], ",details,actor_name,user_name,tenant_name") ||
		!strings.HasSuffix(lines[1], ",Tom Kilburn,Linus Torvalds,Berlin") {
		t.Errorf("the table is\n%s", csv.body)
	}
	var events []struct{ Action, ClientID string }
	json := ada.get("/console/activity/export?format=json&key=" + clientID).want(200)
	json.into(&events)
	if len(events) != 2 || events[0].Action != "key.revoked" {
		t.Errorf("the events are %s", json.body)
	}
	for _, shown := range []string{csv.body, json.body, ada.get("/console/activity").body} {
		if strings.Contains(shown, "status_indexes") || strings.Contains(shown, "payload") {
			t.Errorf("what is for the server alone is shown:\n%s", shown)
		}
	}
	none := ada.get("/console/activity/export?format=json&key=mk_none").want(200)
	none.into(&events)
	if len(events) != 0 {
		t.Errorf("the events are %s", none.body)
	}
	if got := csv.header.Get("Content-Disposition"); got != `attachment; filename="mintkey-activity-acme-2026-03-02.csv"` {
		t.Errorf("Content-Disposition is %q", got)
	}
}

func TestUsersAndTenants(t *testing.T) { onEachStore(t, testUsersAndTenants) }

func testUsersAndTenants(t *testing.T, h *harness) {
	ada := h.as("ada")
	ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"nonsense"}}).want(422).says("Enter one address")
	ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"grace@acme.example"}}).want(409).
		says("Another user of the account has this e-mail address.")
	ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"eve@acme.example"}, "password": {"short"}}).want(422).
		says("10 to 256 characters")
	ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"eve@acme.example"}, "role": {"operator"}}).want(403)
	created := ada.post("/console/users/new", form{"name": {"Eve"}, "email": {"eve@acme.example"}, "password": {password}}).want(303)
	at := created.header.Get("Location")
	ada.get(at).says("Created Eve.", "Not a member")
	eve := h.visitor()
	eve.post("/console/sign-in", form{"email": {"eve@acme.example"}, "password": {password}}).want(403).says("not a member of any tenant")

	ada.post("/console/tenants/new", form{"name": {"Paris"}, "id": {"paris"}, "release": {"24-03"}}).want(422).says("year.number")
	ada.post("/console/tenants/new", form{"name": {"Paris"}, "id": {"berlin"}, "release": {"24.4"}}).want(409).says("taken")
	ada.post("/console/tenants/new", form{"name": {"Paris"}, "id": {"paris"}, "release": {"24.4"}}).leadsTo("/console/tenants")
	ada.get("/console/tenants").says("Paris", "24.4", "Access keys only", "passwords (deprecated)")
	ada.get("/console/activity").says("Created tenant: Paris", "Created user: Eve", "Signed in: Ada Lovelace")
	ada.post("/console/tenants/paris/members", form{"user": {strings.TrimPrefix(at, "/console/users/")}, "role": {""}}).leadsTo(at)
	ada.get(at).says("Not a member of Paris, as before.")
	ada.post("/console/tenants/paris/members", form{"user": {strings.TrimPrefix(at, "/console/users/")}, "role": {"tenant_admin"}}).leadsTo(at)
	ada.get(at).says("Eve is now a tenant admin of Paris.")
	eve.post("/console/sign-in", form{"email": {"eve@acme.example"}, "password": {password}}).leadsTo("/console")
	eve.get("/console").leadsTo("/console/tenants/paris/keys")

	clientID, secret := h.key("berlin", "grace", "", 3)
	ada.post("/console/tenants/berlin/members", yes(form{"user": {"grace"}, "role": {""}})).want(303)
	if h.token(clientID, secret) != 401 {
		t.Error("a key outlives its membership")
	}
	clientID, secret = h.key("lisbon", "grace", "", 3)
	ada.post("/console/users/grace", yes(form{"do": {"disable"}})).want(303)
	if h.token(clientID, secret) != 401 {
		t.Error("a key outlives its owner")
	}
	ada.get("/console/users?q=GRACE").says("Disabled").saysNot("Linus")
	ada.post("/console/users/grace", form{"do": {"everything"}}).want(400)
}

// An account admin sees every tenant of the account, member or not, but none of another account.
func TestTenantSwitcher(t *testing.T) {
	h := newHarness(t)
	ada := h.as("ada")
	ada.get("/console").leadsTo(berlinKeys)
	ada.get("/console/tenants/oslo").leadsTo("/console/tenants/oslo/keys")
	ada.get("/console").leadsTo("/console/tenants/oslo/keys")
	ada.get("/console/tenants/rome/keys").want(404)
	tom := h.as("tom")
	tom.get("/console/tenants/lisbon").leadsTo("/console/account")
	tom.get("/console/tenants/lisbon/keys").want(403)
	tom.get("/console/tenants/oslo/keys").want(404)
}
