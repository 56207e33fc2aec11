package console_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mintkey/server"
)

// handOver creates a key for pick-up and returns its client ID and the path of the link.
func (v *visitor) handOver(user string) (clientID, path string) {
	v.Helper()
	p := v.submit(newKey, form{"user": {user}, "scope": {"api"}, "hand_over": {"pick-up"}}).want(200).says("Ready for pick-up", "in 3 days")
	if strings.Contains(p.body, "mks_") {
		v.Error("the admin sees a secret")
	}
	link := regexp.MustCompile(`(/console/pick-up/[A-Z2-7]{26})<`).FindStringSubmatch(p.body)
	id := regexp.MustCompile(`mk_[0-9A-Za-z]{22}`).FindString(p.body)
	if link == nil || id == "" {
		v.Fatalf("no link: %s", p.text())
	}
	return id, link[1]
}

func TestPickUp(t *testing.T) {
	h := newHarness(t)
	tom, linus := h.as("tom"), h.visitor()
	clientID, path := tom.handOver("linus")
	tom.get(berlinKeys).says("Waiting for pick-up", clientID)
	if status := h.token(clientID, ""); status != 401 && status != 400 {
		t.Errorf("a key without a secret gets %d with an empty one", status)
	}
	for _, who := range []string{"tom", "ada", "grace", "rita"} {
		other := h.as(who)
		nonsense := other.get("/console/pick-up/NEVER").want(404).says("Sign in as somebody else")
		wrong := other.get(path).want(404).says("You are signed in as", emailOf(who)).saysNot("Linus", clientID)
		if strings.ReplaceAll(wrong.body, path, "") != strings.ReplaceAll(nonsense.body, "/console/pick-up/NEVER", "") {
			t.Errorf("%s is told whether the link is somebody’s", who)
		}
		other.post(path, form{}).want(404)
	}
	wrong := h.as("grace")
	wrong.post("/console/sign-out", form{"next": {path}}).leadsTo("/console/sign-in?next=" + strings.ReplaceAll(path, "/", "%2F"))
	wrong.post("/console/sign-out", form{"next": {"//evil.example/"}}).leadsTo("/console/sign-in")
	linus.get(path).leadsTo("/console/sign-in?next=" + strings.ReplaceAll(path, "/", "%2F"))
	linus.post("/console/sign-in", form{"email": {"linus@acme.example"}, "password": {password}, "next": {path}}).leadsTo(path)
	linus.get(path).want(200).says("Pick up your access key", clientID)
	same, secret := linus.post(path, form{}).says("shown only this once").revealed()
	if same != clientID || h.token(clientID, secret) != 200 {
		t.Error("what was picked up does not open")
	}
	linus.get(path).want(410).says("Already picked up", clientID).has(`href="/console/account/keys/` + clientID + `/refresh"`)
	linus.post(path, form{}).want(410).says("Already picked up").saysNot("mks_")
	h.as("tom").get(path).want(404).saysNot(clientID)
	tom.get(berlinKeys).saysNot("Waiting for pick-up")
	tom.post(berlinKeys+"/"+clientID+"/revoke", yes(form{})).want(303)
	linus.get(path).want(404).says("Nothing to pick up here")
}

// The page tells the admin whether the link must be passed on.
func TestPickUpSaysWhoSendsTheLink(t *testing.T) {
	newKeyOf := form{"user": {"linus"}, "scope": {"api"}, "hand_over": {"pick-up"}}
	newHarness(t).as("tom").submit(newKey, newKeyOf).says("Send the link to Linus Torvalds. It works once")
	mailing := newHarness(t, func(o *server.Options) { o.Mail = true })
	mailing.as("tom").submit(newKey, newKeyOf).says("Linus Torvalds gets a link by e-mail").saysNot("Send the link")
}

func TestPickUpOnce(t *testing.T) { onEachStore(t, testPickUpOnce) }

func testPickUpOnce(t *testing.T, h *harness) {
	_, path := h.as("tom").handOver("grace")
	grace := h.as("grace")
	var wait sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wait.Go(func() { statuses[i] = grace.post(path, form{}).status })
	}
	wait.Wait()
	shown := 0
	for _, status := range statuses {
		if status == 200 {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("the secret was shown %d times: %v", shown, statuses)
	}
}

func TestPickUpLinksExpire(t *testing.T) { onEachStore(t, testPickUpLinksExpire) }

func testPickUpLinksExpire(_ *testing.T, h *harness) {
	_, path := h.as("tom").handOver("linus")
	h.advance(72*time.Hour - time.Nanosecond)
	h.as("linus").get(path).want(200)
	h.advance(time.Nanosecond)
	linus := h.as("linus")
	linus.get(path).want(404)
	linus.post(path, form{}).want(404)
}

// Refreshing a waiting key reveals its secret and invalidates the link.
func TestRefreshEndsAPickUp(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	clientID, path := tom.handOver("linus")
	tom.submit(berlinKeys+"/"+clientID+"/refresh", form{"overlap": {"0"}}).revealed()
	h.as("linus").get(path).want(410)
}

func TestKeysForPickUpCount(t *testing.T) {
	h := newHarness(t)
	tom := h.as("tom")
	tom.handOver("linus")
	tom.handOver("linus")
	tom.create("linus", "").want(409)
}
