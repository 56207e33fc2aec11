package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/policy"
	"mintkey/store/bolttest"
)

const (
	berlinKeys = "/console/tenants/berlin/keys"
	newKey     = berlinKeys + "/new"
)

// create submits the form for a new key.
func (v *visitor) create(user, label string) page {
	v.Helper()
	return v.submit(newKey, form{"user": {user}, "label": {label}, "scope": {"api"}})
}

func TestCreateShowsTheSecretOnce(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	fields := tom.get(newKey).filled(form{"user": {"linus"}, "label": {"deploy job"}, "scope": {"api"}})
	clientID, secret := tom.post(newKey, fields).revealed()
	if status := h.token(clientID, secret); status != 200 {
		t.Errorf("the access key that was shown gets %d from the token endpoint", status)
	}

	again := tom.post(newKey, fields).want(409).says(clientID, "already sent")
	list := tom.get(berlinKeys).want(200).says(clientID, "deploy job", "Linus Torvalds", "in 90 days", "1–1 of 1 key")
	for _, p := range []page{
		again, list, tom.get(berlinKeys + "/" + clientID + "/refresh"),
		h.as("linus").get("/console/account"), h.as("ada").get("/console/activity"),
	} {
		if strings.Contains(p.body, secret) {
			t.Errorf("%s shows the secret again", p.what)
		}
	}
	if strings.Contains(bolttest.Text(t, h.path), secret) {
		t.Error("the store holds the secret")
	}
}

// A form that is sent many times at once creates one key.
func TestDoubleClickMakesOneKey(t *testing.T) { onEachStore(t, testDoubleClickMakesOneKey) }

func testDoubleClickMakesOneKey(t *testing.T, h *harness) {
	tom := h.as("tom")
	fields := tom.get(newKey).filled(form{"user": {"linus"}, "scope": {"api"}})
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() { statuses[i] = tom.post(newKey, fields).status })
	}
	wait.Wait()
	made := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			made++
		}
	}
	if made != 1 {
		t.Errorf("the form made %d keys: %v", made, statuses)
	}
	tom.get(berlinKeys).says("1–1 of 1 key")
}

// A form token is valid only for the page and the person that it was issued for.
func TestFormTokensAreNotInterchangeable(t *testing.T) {
	h := newHarness(t)
	tom, ada := h.as("tom"), h.as("ada")
	fields := form{"user": {"linus"}, "scope": {"api"}}
	tom.post(newKey, fields).want(409)
	tom.post(newKey, form{"user": {"linus"}, "scope": {"api"}, "form_token": {"made up"}}).want(409)
	ada.post(newKey, tom.get(newKey).filled(fields)).want(409)
	ada.post("/console/tenants/oslo/keys/new", ada.get(newKey).filled(fields)).want(409)
	stale := tom.get(newKey).filled(fields)
	for range 13 {
		h.advance(59 * time.Minute)
		tom = h.as("tom")
	}
	tom.post(newKey, stale).want(409)
	tom.get(berlinKeys).says("No access keys yet")
}

func TestTwoKeysAreTheLimit(t *testing.T) { onEachStore(t, testTwoKeysAreTheLimit) }

func testTwoKeysAreTheLimit(t *testing.T, h *harness) {
	tom := h.as("tom")
	tom.create("grace", "one").want(200)
	tom.create("grace", "two").want(200)
	p := tom.get(newKey).want(200).says("Has two keys already")
	if !strings.Contains(p.body, `value="grace" required disabled`) {
		t.Error("Grace can be chosen a third time")
	}
	tom.create("grace", "three").want(409).says("already has two access keys in this tenant")
	list := tom.get(berlinKeys).says("1–2 of 2 keys")
	if n := strings.Count(list.text(), "Grace Hopper"); n != 2 {
		t.Errorf("Grace appears %d times, want twice", n)
	}
}

func TestCreateSaysWhatIsWrong(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	for _, row := range []struct {
		values form
		status int
		says   string
	}{
		{form{"user": {"linus"}}, 422, "Choose at least one of the scopes."},
		{form{"scope": {"api"}}, 422, "Choose a member of this tenant."},
		{form{"user": {"rita"}, "scope": {"api"}}, 422, "Choose a member of this tenant."},
		{form{"user": {"hal"}, "scope": {"api"}}, 409, "This user is disabled"},
		{form{"user": {"linus"}, "scope": {"nonsense"}}, 422, "Choose at least one of the scopes."},
		{form{"user": {"linus"}, "scope": {"api"}, "label": {strings.Repeat("x", 201)}}, 422, "A label has at most 200"},
		{form{"user": {"linus"}, "scope": {"api"}, "tokens_per_minute": {"0"}}, 422, "a whole number from 1 to 1,000,000"},
		{form{"user": {"linus"}, "scope": {"api"}, "tokens_per_minute": {"many"}}, 422, "a whole number from 1 to 1,000,000"},
		{form{"user": {"ada"}, "scope": {"policy:write"}}, 403, "more than you may do yourself"},
	} {
		tom.submit(newKey, row.values).want(row.status).says(row.says)
	}
	tom.get(berlinKeys).says("No access keys yet")
}

func TestRevoke(t *testing.T) { onEachStore(t, testRevoke) }

func testRevoke(t *testing.T, h *harness) {
	tom := h.as("tom")
	clientID, secret := tom.create("linus", "build agent").revealed()
	path := berlinKeys + "/" + clientID + "/revoke"
	tom.get(path).want(200).says("Revoke “build agent”?", clientID, "Linus Torvalds")
	if h.token(clientID, secret) != 200 {
		t.Error("asking already revoked the key")
	}
	tom.post(path, yes(form{})).leadsTo(berlinKeys)
	tom.get(berlinKeys).says("Revoked " + clientID + " of Linus Torvalds").says("No access keys yet")
	tom.get(berlinKeys).saysNot("Revoked")
	if status := h.token(clientID, secret); status != 401 {
		t.Errorf("a revoked key gets %d from the token endpoint", status)
	}
	tom.post(path, yes(form{})).want(404)
}

func TestRefresh(t *testing.T) { onEachStore(t, testRefresh) }

func testRefresh(t *testing.T, h *harness) {
	tom := h.as("tom")
	clientID, first := tom.create("linus", "").revealed()
	path := berlinKeys + "/" + clientID + "/refresh"
	same, second := tom.submit(path, form{"overlap": {"3600"}}).says("The old secret works until 2 Mar 2026, 10:00 UTC").revealed()
	if same != clientID || h.token(clientID, first) != 200 || h.token(clientID, second) != 200 {
		t.Error("with an overlap both secrets must work, under the same client ID")
	}
	_, third := tom.submit(path, form{"overlap": {"0"}}).revealed()
	if h.token(clientID, first) != 401 || h.token(clientID, second) != 401 || h.token(clientID, third) != 200 {
		t.Error("without an overlap only the newest secret must work")
	}
	for _, overlap := range []string{"", "-1", "604801", "nonsense"} {
		tom.submit(path, form{"overlap": {overlap}}).want(422).says("at most 7 days")
	}
	if h.token(clientID, third) != 200 {
		t.Error("a refused refresh has changed the secret")
	}
}

// Whoever sees an overlap can end it: an admin, and the owner (R6).
func TestOverlapsAreEnded(t *testing.T) { onEachStore(t, testOverlapsAreEnded) }

func testOverlapsAreEnded(t *testing.T, h *harness) {
	for _, c := range []struct{ who, list, path, tenant, owner string }{
		{"tom", berlinKeys, berlinKeys + "/", "berlin", "linus"},
		{"grace", "/console/account", "/console/account/keys/", "lisbon", "grace"},
	} {
		visitor := h.as(c.who)
		clientID, first := h.key(c.tenant, c.owner, "", 1)
		path := c.path + clientID
		visitor.get(c.list).want(200).saysNot("Old secret works until")
		_, second := visitor.submit(path+"/refresh", form{"overlap": {"3600"}}).revealed()
		if status := h.token(clientID, first); status != 200 {
			t.Fatalf("the old secret gets %d", status)
		}
		visitor.get(c.list).says("Old secret works until", "2 Mar 2026, 10:00 UTC", "last access", "just now", "End now")
		visitor.get(path + "/refresh").says("The secret before it, which works until 2 Mar 2026, 10:00 UTC")
		visitor.get(path+"/end-overlap").want(200).says("Stop the old secret", "End its tokens too")
		if h.token(clientID, first) != 200 {
			t.Error("looking at the page has ended the overlap")
		}
		visitor.post(path+"/end-overlap", form{"revoke_tokens": {"true"}}).want(303)
		visitor.get(c.list).says("The old secret of " + clientID + " has stopped working")
		visitor.get(c.list).saysNot("Old secret works until")
		if h.token(clientID, first) != 401 || h.token(clientID, second) != 200 {
			t.Error("the new secret alone must work")
		}
		visitor.get(path + "/end-overlap").want(200).says("has stopped working")
		visitor.post(path+"/end-overlap", form{}).want(404).says("has stopped working already")
	}
	other, _ := h.key("berlin", "linus", "", 1)
	h.as("grace").post("/console/account/keys/"+other+"/end-overlap", form{}).want(404)
}

func TestOwnersRefreshTheirOwn(t *testing.T) {
	h := newHarness(t)
	grace := h.as("grace")
	clientID, _ := h.key("lisbon", "grace", "smoke test", 62)
	other, _ := h.key("berlin", "linus", "", 1)
	grace.get("/console/account").want(200).
		says("Berlin", "No access key of yours", "Lisbon", "smoke test", clientID, "in 28 days").saysNot(other)
	refreshed := grace.submit("/console/account/keys/"+clientID+"/refresh", form{"overlap": {"0"}})
	_, secret := refreshed.says("Your access key in Lisbon").revealed()
	if h.token(clientID, secret) != 200 {
		t.Error("the refreshed key gets no token")
	}
	grace.get("/console/account/keys/" + other + "/refresh").want(404)
	grace.post("/console/account/keys/"+other+"/refresh", form{"overlap": {"0"}}).want(404)
}

func TestExpiredKeysCannotBeRefreshed(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	clientID, _ := h.key("berlin", "linus", "old one", 95)
	p := tom.get(berlinKeys).says("Expired", "expired 5 days ago")
	if strings.Contains(p.body, clientID+"/refresh") {
		t.Error("the list offers to refresh an expired key")
	}
	tom.submit(berlinKeys+"/"+clientID+"/refresh", form{"overlap": {"0"}}).want(409).says("has expired and can no longer be refreshed")
}

func TestListIsSearchedSortedAndPaged(t *testing.T) { onEachStore(t, testListIsSearchedSortedAndPaged) }

func testListIsSearchedSortedAndPaged(t *testing.T, h *harness) {
	tom := h.as("tom")
	for i := range 60 {
		id := "robot-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		h.user("acme", id, "Robot "+id)
		h.member("berlin", id, policy.RoleMember)
		h.key("berlin", id, "job "+id, i)
	}
	first := tom.get(berlinKeys).says("1–50 of 60 keys", "All 60", "Expiring soon 0", "robot-aa").saysNot("Robot robot-cf")
	if !strings.Contains(first.body, `href="`+berlinKeys+`?page=2"`) {
		t.Error("no link to the next page")
	}
	tom.get(berlinKeys+"?page=2").says("51–60 of 60 keys", "Robot robot-ch").saysNot("Robot robot-aa")
	tom.get(berlinKeys + "?sort=created").says("Robot robot-ch").saysNot("Robot robot-aa")
	tom.get(berlinKeys+"?q=ROBOT-BC").says("1–1 of 1 key", "job robot-bc")
	tom.get(berlinKeys+"?q=nothing+like+it").says("No access key matches", "nothing like it")
	h.advance(5 * policy.Day)
	tom = h.as("tom")
	tom.get(berlinKeys+"?state=expiring&sort=expires").says("Expiring soon 5", "1–5 of 5 keys").saysNot("Robot robot-aa")
}

// Members who can be chosen come first, also when many with a smaller ID can't: those come last, with the reason (R2).
func TestMembersWhoCanHaveNoKeyComeLast(t *testing.T) {
	h := newHarness(t)
	for i := range 30 {
		id := fmt.Sprintf("aa-%02d", i)
		h.user("acme", id, "Full "+id)
		h.must(h.store.UpdateMembership(t.Context(), "berlin", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m, err := m.WithRole(policy.RoleMember, start)
			for n := range 2 {
				m.Keys = append(m.Keys, policy.AccessKey{
					ClientID: fmt.Sprint("mk_", id, n), CreatedAt: start, Secrets: []policy.Secret{{IssuedAt: start}},
				})
			}
			return m, nil, err
		}))
	}
	tom := h.as("tom")
	p := tom.get(newKey).says("Linus Torvalds", "Has two keys already", "There are more members")
	if strings.Index(p.text(), "Linus Torvalds") > strings.Index(p.text(), "Full aa-00") || strings.Count(p.body, `name="user"`) > 16 {
		t.Errorf("the form says %s", p.text())
	}
	p = tom.submit(newKey, form{"do": {"find"}, "find": {"full"}, "user": {"linus"}}).want(200).says("Linus Torvalds", "Full aa-00")
	if !strings.Contains(p.body, `value="linus" required checked`) {
		t.Error("who was chosen is lost in a search")
	}
	clientID, _ := h.key("berlin", "linus", "", 0)
	tom.get(berlinKeys+"?q="+clientID).has(`data-copy aria-label="Copy `+clientID+`"`, "<code>"+clientID+"</code>")
}

// A form or a query with two values for a field that has one is refused: it does not say which user the key is for.
func TestDoubledFields(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	fields := form{"user": {"linus", "grace"}, "label": {"night"}, "scope": {"api"}}
	tom.submit(newKey, fields).want(400).says("Not understood")
	tom.get(berlinKeys + "?q=night&q=day").want(400)
	fields["user"] = fields["user"][:1]
	tom.submit(newKey, fields).want(200)
}
