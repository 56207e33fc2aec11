package console_test

import (
	"testing"
)

// The page promises mail only where it is set up.
func TestTransferPromisesMail(t *testing.T) {
	h := newHarness(t, withMail)
	clientID, _ := h.key("berlin", "grace", "nightly build", 5)
	h.as("tom").get(berlinKeys + "/" + clientID + "/transfer").says("Both are told by e-mail.")
}

func TestTransferInTheConsole(t *testing.T) {
	h := newHarness(t)
	clientID, secret := h.key("berlin", "grace", "nightly build", 5)
	transfer := berlinKeys + "/" + clientID + "/transfer"
	tom := h.as("tom")
	tom.get(berlinKeys + "/" + clientID).says("Transfer")
	tom.get(transfer).says("Transfer “nightly build”", "Linus Torvalds").saysNot(`value="grace"`, "by e-mail")
	h.as("ada").get("/console/users/grace").says("nightly build", "Berlin", "Transfer")
	tom.post(transfer, form{}).want(422).says("Choose a member of this tenant.")
	tom.post(transfer, form{"user": {"rita"}}).want(422).says("Choose a member of this tenant.")
	tom.post(transfer, form{"user": {"hal"}}).want(409).says("This user is disabled.")
	tom.post(transfer, form{"user": {"linus"}}).leadsTo(berlinKeys)
	tom.get(berlinKeys).says(clientID + " is a key of Linus Torvalds now.")
	if h.token(clientID, secret) != 200 {
		t.Error("the secret has stopped")
	}
	h.as("linus").get("/console/account").says("nightly build")
	h.as("grace").get("/console/account").saysNot("nightly build")
	h.as("ada").get("/console/activity").says("Transferred access key")
}
