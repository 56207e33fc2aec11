package console_test

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"mintkey/policy"
)

// robots gives berlin so many users with a key each, the first of which is the newest.
func (h *harness) robots(n int) (clientIDs []string) {
	h.Helper()
	for i := range n {
		id := fmt.Sprintf("robot-%02d", i)
		h.user("acme", id, "Łukasz "+id)
		h.member("berlin", id, policy.RoleMember)
		clientID, _ := h.key("berlin", id, "job "+id, i)
		clientIDs = append(clientIDs, clientID)
	}
	return clientIDs
}

// Work on many keys goes on where it was: the filter, the order and the page survive a change.
func TestFiltersSurviveAChange(t *testing.T) {
	h := newHarness(t)
	keys := h.robots(60)
	tom := h.as("tom")
	const list = berlinKeys + "?page=2&q=lukasz&sort=created"
	page := tom.get(list).want(200)
	first := berlinKeys + "/" + keys[0]
	way := "?list=page%3D2%26q%3Dlukasz%26sort%3Dcreated"
	page.has(`href="keys/`+keys[0]+`/revoke`+way+`"`, `href="keys/`+keys[0]+`/suspend`+way+`"`)
	tom.get(first + way).want(200).has(`href="` + first + `/edit` + way + `"`)
	tom.get(first+"/suspend"+way).want(200).has(`action="`+first+`/suspend`+way+`"`, `href="`+strings.ReplaceAll(list, "&", "&amp;")+`"`)
	tom.post(first+"/suspend"+way, yes(form{"reason": {""}})).leadsTo(list)
	tom.post(first+"/resume"+way, form{}).leadsTo(list)
	tom.post(first+"/revoke"+way, yes(form{})).leadsTo(list)
	tom.post(berlinKeys+"/"+keys[1]+"/revoke?list="+url.QueryEscape("state=nonsense&page=//evil.example"), yes(form{})).leadsTo(berlinKeys)
	tom.get(list).says("51–58 of 58 keys")
}

// A page past the end, as after revoking all that it had, shows the last one.
func TestPagePastTheEnd(t *testing.T) {
	h := newHarness(t)
	h.robots(51)
	tom := h.as("tom")
	tom.get(berlinKeys+"?page=9").want(200).says("51–51 of 51 keys", "robot-50").saysNot("No access key")
	tom.get(berlinKeys+"?page=2&q=nobody").want(200).says("No access key matches", "Clear the filter")
}

// What a list does not have is refused in words, because ignoring it would show something else than was asked for.
func TestUnknownFilters(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	for query, says := range map[string]string{
		"state=nonsense": "no state “nonsense”", "sort=nonsense": "no order “nonsense”", "page=-3": "no page “-3”", "page=x": "no page “x”",
		"sort=-": "no order “-”",
	} {
		tom.get(berlinKeys + "?" + query).want(400).says(says)
		tom.get(berlinKeys + "/export?" + query).want(400).says(says)
	}
}

func TestSearchOfKeys(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		h.robots(3)
		tom := h.as("tom")
		for _, text := range []string{"  robot-01  ", "lukasz 01", "JOB robot-01@acme.example"} {
			tom.get(berlinKeys+"?q="+url.QueryEscape(text)).want(200).says("1–1 of 1 key", "Łukasz robot-01")
		}
		tom.get(berlinKeys+"?q=lukasz+nobody").says("No access key matches", "each word of “lukasz nobody”")
	})
}

func TestRevokingMany(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		keys := h.robots(20)
		h.used(keys[3], 2*policy.Day)
		tom := h.as("tom")
		stop := berlinKeys + "/stop"
		tom.get(stop + "?do=revoke").want(200).says("Tick access keys in the list first")
		tom.get(stop + "?do=nonsense&all=on").want(400)

		// A few that are ticked, with one click.
		two := form{"do": {"revoke"}, "selected": {keys[0], keys[1], "mk_nothing"}, "list": {"sort=created"}}
		tom.get(stop+"?"+two.Encode()).want(200).says("Revoke 2 access keys?", "Last access Never", "job robot-01").saysNot("to confirm")
		two.Set("count", "2")
		tom.post(stop, two).leadsTo(berlinKeys + "?sort=created")
		tom.get(berlinKeys+"?sort=created").says("Revoked 2 access keys.", "1–18 of 18")

		// All that match, with the number typed; and it must be the number of now.
		all := form{"do": {"revoke"}, "all": {"on"}, "list": {"q=robot-0"}}
		tom.get(stop+"?"+all.Encode()).want(200).
			says("Revoke 8 access keys?", "Type 8 to confirm", "2 days ago ; 1 access key in the last 7 days", "and 3 others")
		for _, wrong := range []string{"", "7", "18", "-8", "eight"} {
			all.Set("count", wrong)
			tom.post(stop, all).want(422).says("This is not the number of access keys")
		}
		all.Set("count", "8")
		h.key("berlin", "grace", "robot-0 too", 1)
		tom.post(stop, all).want(422).says("Type 9 to confirm")
		tom.get(berlinKeys).says("1–19 of 19")
		all.Set("count", " 9 ")
		tom.post(stop, all).leadsTo(berlinKeys + "?q=robot-0")
		tom.get(berlinKeys+"?q=robot-0").says("Revoked 9 access keys.", "No access key matches")
		tom.get(berlinKeys).says("1–10 of 10 keys")
		tom.post(stop, all).want(422).says("Nothing to revoke")
	})
}

func TestSuspendingMany(t *testing.T) {
	h := newHarness(t)
	keys := h.robots(4)
	admins, _ := h.key("berlin", "ada", "hers", 1)
	h.giveAdminScopes("berlin", "ada", admins)
	tom := h.as("tom")
	stop := berlinKeys + "/stop"
	tom.post(berlinKeys+"/"+keys[0]+"/suspend", yes(form{})).want(303)
	all := form{"do": {"suspend"}, "all": {"on"}}
	tom.get(stop+"?"+all.Encode()).want(200).says("Suspend 3 access keys?", "1 access key of higher authority than yours")
	all.Set("count", "3")
	all.Set("reason", "audit")
	tom.post(stop, all).leadsTo(berlinKeys)
	tom.get(berlinKeys+"?state=suspended").says("Suspended 3 access keys.",
		"1 access key of higher authority stayed.", "Suspended 4", "by Tom Kilburn: audit")
	tom.get(stop + "?do=revoke&selected=" + admins).want(200).says("Not yours to stop")
	h.as("grace").get(stop + "?" + all.Encode()).want(403)
	h.as("grace").post(stop, all).want(403)
}

// giveAdminScopes makes a key one that administers the account.
func (h *harness) giveAdminScopes(tenant, user, clientID string) {
	h.Helper()
	h.must(h.store.UpdateMembership(h.Context(), tenant, user, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		for i := range m.Keys {
			if m.Keys[i].ClientID == clientID {
				m.Keys[i].Scopes, m.Keys[i].Ceiling = []string{policy.ScopePolicyWrite}, policy.RoleAccountAdmin
			}
		}
		return m, nil, nil
	}))
}

func TestExportOfKeys(t *testing.T) {
	onEachStore(t, func(t *testing.T, h *harness) {
		h.robots(60)
		_, _ = h.key("berlin", "grace", "=HYPERLINK(1)", 70)
		tom := h.as("tom")
		tom.get(berlinKeys + "?q=robot").has(`href="` + berlinKeys + `/export?q=robot"`)
		p := tom.get(berlinKeys + "/export?sort=created").want(200)
		if got := p.header.Get("Content-Disposition"); got != `attachment; filename="mintkey-keys-berlin-2026-03-02.csv"` {
			t.Errorf("Content-Disposition is %q", got)
		}
		text, marked := strings.CutPrefix(p.body, "\ufeff")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		h.must(err)
		if !marked || len(rows) != 62 || rows[0][0] != "client_id" || rows[1][1] != "'=HYPERLINK(1)" || rows[2][5] != "Łukasz robot-59" {
			t.Errorf("%d rows, %q", len(rows), rows[:3])
		}
		if p := tom.get(berlinKeys + "/export?q=robot-59").want(200); strings.Count(p.body, "\n") != 2 {
			t.Errorf("the filter is ignored: %s", p.body)
		}
		h.as("grace").get(berlinKeys + "/export").want(403)
	})
}

// Without a policy that ends keys, those that are old are marked and can be listed.
func TestOldKeysAreMarked(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "ancient", 0)
	_, _ = h.key("berlin", "linus", "", 0)
	tom := h.as("tom")
	tom.get(berlinKeys).saysNot("Old 0")
	h.as("ada").post("/console/security", yes(form{"acknowledge_risk": {"on"}})).want(303)
	h.advance(91 * policy.Day)
	h.used(clientID, 0)
	tom = h.as("tom")
	tom.get(berlinKeys+"?state=old&q=ancient").says("Old 1", "1–1 of 1 key").has(`title="Its secret is more than 90 days old`)
	tom.get(berlinKeys + "?q=ancient").saysNot("Active Unused")
	h.advance(270 * policy.Day)
	h.as("tom").get(berlinKeys).says("Very old")
}

// Who finds people as every list does, and what the trail can't be narrowed to is refused.
func TestActivityFindsPeople(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		h.user("acme", "lucas", "Łukasz Nowak")
		h.member("berlin", "lucas", policy.RoleTenantAdmin)
		lucas := h.as("lucas")
		clientID, _ := h.key("berlin", "grace", "", 0)
		lucas.post(berlinKeys+"/"+clientID+"/revoke", yes(form{})).want(303)
		ada := h.as("ada")
		for _, who := range []string{"lukasz", " NOWAK lukasz ", "lucas@acme.example", "lucas"} {
			ada.get("/console/activity?who="+url.QueryEscape(who)).says("Revoked access key", "Łukasz Nowak").saysNot("Created access key mk_")
		}
		ada.get("/console/activity?who=nobody").says("Nothing matches", "Clear the filter")
		ada.get("/console/activity?tenant=berlin&action=key.revoked").says("Revoked access key").has(`id="tenant" name="tenant" value="berlin"`)
		for query, says := range map[string]string{
			"since=garbage": "no day “garbage”", "until=2026-02-31": "no day “2026-02-31”", "action=nonsense": "no action “nonsense”",
			"tenant=rome": "no tenant “rome”", "tenant=nowhere": "no tenant “nowhere”", "tenant=A%3AB": "no tenant “A:B”",
		} {
			ada.get("/console/activity?" + query).want(400).says(says)
			ada.get("/console/activity/export?" + query).want(400).says(says)
		}
	})
}

// Finding a member sends the form, so that neither its token nor what was typed gets into the address.
func TestFindingAMemberKeepsTheForm(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	page := tom.submit(newKey, form{"do": {"find"}, "find": {"no such"}, "label": {"night"}, "scope": {"api"}}).want(200)
	page.says("No member has").has(`value="night"`, `name="do" value="find"`)
	if strings.Contains(page.body, `formmethod="get"`) {
		t.Error("a button sends the form by GET")
	}
	clientID, _ := h.key("berlin", "grace", "", 0)
	tom.post(berlinKeys+"/"+clientID+"/transfer", form{"do": {"find"}, "find": {"linus"}, "user": {"linus"}}).want(200).says("Linus Torvalds")
	tom.get(berlinKeys).says("Grace Hopper")
}
