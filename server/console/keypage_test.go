package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// Who may see a key sees its page: the admins of its tenant, and its owner. Nobody else learns that it exists.
func TestPageOfAKey(t *testing.T) {
	onEachStore(t, func(_ *testing.T, h *harness) {
		clientID, _ := h.key("berlin", "grace", "nightly build", 12)
		h.limit("grace", clientID, policy.KeyPatch{
			AllowedNetworks: &[]string{"192.0.2.0/24"}, TokenLifetimeSeconds: new(300), TokensPerMinute: new(60),
			ExpiresAt: new(start.Add(20 * policy.Day)),
		})
		h.used(clientID, time.Hour)
		page, own := berlinKeys+"/"+clientID, "/console/account/keys/"+clientID
		tom := h.as("tom")
		tom.get(berlinKeys).has(`<a href="keys/` + clientID + `"><code>`)
		filtered := "?" + url.Values{"list": {"q=nightly"}}.Encode()
		tom.get(berlinKeys + "?q=nightly").has(`<a href="keys/` + clientID + filtered + `"><code>`)
		tom.get(page+filtered).want(200).has(`class="back" href="`+berlinKeys+`?q=nightly"`, page+"/edit"+filtered, page+"/revoke"+filtered)
		tom.get(page).want(200).says(
			"nightly build", clientID, "Grace Hopper", "Berlin", "12 days old",
			"192.0.2.0/24", "300 seconds", "60 tokens a minute", "22 Mar 2026, 09:00 UTC", "for good",
			"The end that the key was given counts.", "When the secret was made, keys expired after 90 days.",
			"Created access key", "Ada Lovelace", "It asked for none.", "Transfer", "Revoke",
		).has(page+"/edit", page+"/suspend").saysNot("192.0.2.7")
		h.as("ada").get(page).want(200).says("192.0.2.7").has(`href="/console/users/grace"`)
		tom.get(own).want(http.StatusNotFound)

		grace := h.as("grace")
		grace.get("/console/account").has(`<a href="` + own + `"><code>` + clientID)
		grace.get(own).want(200).says("nightly build", "Refresh", "Suspend", "Revoke", "Created access key").saysNot("Transfer", "Edit")
		grace.get(page).want(http.StatusForbidden)
		h.as("linus").get(own).want(http.StatusNotFound)
		h.as("rita").get(page).want(http.StatusNotFound)
		tom.get("/console/tenants/lisbon/keys/" + clientID).want(http.StatusForbidden)
		h.as("ada").get("/console/tenants/lisbon/keys/" + clientID).want(http.StatusNotFound)
		tom.get(berlinKeys + "/mk_nothing").want(http.StatusNotFound)
	})
}

// After a refresh with an overlap the page has both secrets, until when the old one works, and the age of the new one beside the key's.
func TestPageOfAKeyShowsTheOverlap(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "nightly build", 40)
	if h.token(clientID, secret) != 200 {
		t.Fatal("no token")
	}
	page := berlinKeys + "/" + clientID
	tom := h.as("tom")
	tom.get(page + "/refresh").says("It then expires 31 May 2026, 09:00 UTC")
	tom.submit(page+"/refresh", form{"overlap": {"86400"}}).want(200).has(`href="` + page + `"`)
	h.advance(2 * time.Hour)
	tom = h.as("tom")
	tom.get(page).says(
		"40 days old, its secret 2 hours", "Old", "3 Mar 2026, 09:00 UTC", "End now", "Refreshed access key", "31 May 2026, 09:00 UTC",
		"Tokens in the last 30 days",
	).has(page + "/end-overlap")
	tom.get(berlinKeys).says("40 days", "secret: 2 hours")
	h.as("grace").get("/console/account/keys/" + clientID).has("/console/account/keys/" + clientID + "/end-overlap")
}

// The page says why a key is stopped, and what its marks mean.
func TestPageOfAKeyThatNeedsAttention(t *testing.T) {
	h := newHarness(t)
	stopped, _ := h.key("berlin", "grace", "stopped", 3)
	_, old := h.key("berlin", "linus", "old", 178)
	_ = old
	h.must(h.store.UpdateAccount(t.Context(), "acme", func(a policy.Account) (policy.Account, []policy.Event, error) {
		a.Expiration = policy.ExpirationPolicy{{At: start.Add(-400 * policy.Day)}}
		return a, nil, nil
	}))
	tom := h.as("tom")
	tom.post(berlinKeys+"/"+stopped+"/suspend", yes(form{"reason": {"laptop lost"}})).leadsTo(berlinKeys)
	tom.get(berlinKeys+"/"+stopped).says("Suspended", "by Tom Kilburn: laptop lost", "Resume").saysNot("Transfer")
	linus := h.as("linus").get("/console/account").want(200)
	at := strings.Index(linus.body, "/console/account/keys/mk_")
	path, _, _ := strings.Cut(linus.body[at:], `"`)
	linus.get(strings.TrimSuffix(path, "/refresh")).
		says("Unused: nobody has used it for 90 days", "Old: its secret was made more than 90 days ago")
}

// The history pages, and a page that has to look far back says so instead of reading the whole trail.
func TestHistoryOfAKey(t *testing.T) {
	h := newHarness(t)
	clientID, _ := h.key("berlin", "grace", "nightly build", 30)
	actor := h.adaAt(start)
	place, err := h.service.Resolve(t.Context(), actor, "", "berlin")
	h.must(err)
	for i := range 45 {
		actor.At = start.Add(-29*policy.Day + time.Duration(i)*time.Hour)
		_, err := h.service.PatchKey(t.Context(), actor, place, clientID, policy.KeyPatch{TokensPerMinute: new(i + 1)}, admin.IfMatch{})
		h.must(err)
	}
	tom := h.as("tom")
	page := tom.get(berlinKeys + "/" + clientID)
	seen, older := strings.Count(page.body, "Changed access key"), 0
	for ; strings.Contains(page.body, `rel="next"`); older++ {
		_, rest, _ := strings.Cut(page.body, `<nav class="pager"`)
		_, rest, _ = strings.Cut(rest[strings.Index(rest, `class="button small" href="`+berlinKeys+"/"+clientID+"?"):], `href="`)
		path, _, _ := strings.Cut(rest, "#")
		page = tom.get(path)
		seen += strings.Count(page.body, "Changed access key")
	}
	if seen != 45 || older != 2 || !strings.Contains(page.body, "Created access key") {
		t.Errorf("%d changes on %d further pages, the last: %s", seen, older, page.text())
	}
}
