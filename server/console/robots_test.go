package console_test

import (
	"maps"
	"testing"
)

// An admin makes a robot, whose page has nothing to sign in with, and whose key can't be picked up (R34).
func TestRobotsInTheConsole(t *testing.T) {
	m := newMailing(t)
	ada := m.as("ada")
	robot := form{"kind": {"service"}, "name": {"Deployer"}, "email": {"grace@acme.example"}, "send_link": {"on"}}
	withPassword := maps.Clone(robot)
	withPassword["password"] = []string{another}
	ada.post("/console/users/new", withPassword).want(422).says("This user is a robot")
	at := ada.post("/console/users/new", robot).want(303).header.Get("Location")
	ada.get(at).says("Created Deployer. Next, add it to a tenant.", "Robot", "A robot never signs in").
		saysNot("Set password", "Send a link", "Make it a robot")
	ada.get("/console/users?q=Deployer").says("Robot").saysNot("No password")
	ada.post(at, form{"do": {"link"}}).want(422)
	ada.post(at, yes(form{"do": {"password"}, "password": {another}})).want(422).says("This user is a robot")
	if mails := m.mails(); len(mails) > 0 {
		t.Errorf("a robot gets %s", mails)
	}
	id := at[len("/console/users/"):]
	ada.post("/console/tenants/berlin/members", form{"user": {id}, "role": {"member"}}).want(303)
	ada.get(newKey + "?find=Deployer").says("Robot")
	ada.submit(newKey, form{"user": {id}, "scope": {"api"}, "hand_over": {"pick-up"}}).want(422).says("This user is a robot")
}

// What a person signs in with ends as they become a robot, in the middle of a session too (R34).
func TestAPersonBecomesARobotInTheConsole(t *testing.T) {
	m := newMailing(t)
	clientID, secret := m.key("berlin", "grace", "", 5)
	ada, grace := m.as("ada"), m.as("grace")
	grace.get("/console/account").says(clientID)
	ada.get("/console/users/ada").saysNot("Make it a robot")
	ada.get("/console/users/grace").says("Make it a robot")
	ada.post("/console/users/grace", yes(form{"do": {"robot"}})).leadsTo("/console/users/grace")
	ada.get("/console/users/grace").says("This user is a robot now").saysNot("Make it a robot")
	grace.get("/console/account").want(303)
	m.visitor().post("/console/sign-in", form{"email": {"grace@acme.example"}, "password": {password}}).want(401)
	if m.token(clientID, secret) != 200 {
		t.Error("the access key has stopped")
	}
}
