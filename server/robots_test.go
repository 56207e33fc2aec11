package server_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server"
	"mintkey/store"
)

// newRobot makes a robot with the contact, who is a member of forge.
func (w *world) newRobot(id, contact string) person {
	w.Helper()
	w.post(w.ada, acmeUsers, map[string]string{"id": id, "kind": "service", "email": contact}).want(201)
	w.put(w.ada, "/admin/v1/tenants/forge/members/"+id, `{"role":"member"}`).want(201)
	return person{account: "acme", tenant: "forge", id: id}
}

// A robot has access keys as anybody has, and nothing to sign in with (R34).
func TestRobotsHaveKeysAndNeverSignIn(t *testing.T) {
	onEachStore(t, func(w *world) {
		robot := w.newRobot("deployer", "mia@acme.example") // a person's address
		w.newRobot("builder", "mia@acme.example")           // and another robot's
		w.newRobot("tester", "team@acme.example")
		if kind := w.get(w.ada, acmeUsers+"/deployer").want(200).field("kind"); kind != "service" {
			w.Errorf("kind %q", kind)
		}
		if kind := w.get(w.ada, acmeUsers+"/mia").want(200).field("kind"); kind != "person" {
			w.Errorf("kind of a user without one %q", kind)
		}
		robot = w.makeKey(w.ada, robot, "api", "self")
		w.exchange(robot).want(200)
		w.get(robot, "/me/v1/keys").want(200)

		// An address finds persons only.
		byEmail := func(email string) map[string]any { return map[string]any{"email": email, "scopes": []string{"api"}} }
		if owner := w.post(w.ada, forgeKeys, byEmail("mia@acme.example")).want(201).field("user_id"); owner != "mia" {
			w.Errorf("the key went to %s", owner)
		}
		w.post(w.ada, forgeKeys, byEmail("team@acme.example")).wantCode(422, "not_a_member")
		w.post(w.ada, acmeUsers, `{"id":"tea","email":"team@acme.example"}`).want(201) // is free for a person

		w.post(w.ada, acmeUsers, `{"kind":"service","email":"x@acme.example","password":"correct horse"}`).wantCode(422, "service_user")
		w.patch(w.ada, acmeUsers+"/deployer", `{"password":"correct horse"}`).wantCode(422, "service_user")
		w.patch(w.ada, acmeUsers+"/deployer", `{"password":null,"name":"Deployer"}`).want(200)
		pickUp := newKey("deployer", "api")
		pickUp["pick_up"] = true
		w.post(w.ada, forgeKeys, pickUp).wantCode(422, "service_user")
		w.post(w.ada, acmeUsers, `{"kind":"robot","email":"x@acme.example"}`).wantCode(422, "invalid_kind")
	})
}

// What a person signs in with ends as the person becomes a robot, and does not come back; access keys go on (R34).
func TestAPersonBecomesARobotOnce(t *testing.T) {
	onEachStore(t, func(w *world) {
		pia := w.withPassword("pia", "mill")
		pia = w.makeKey(w.ada, pia, "api")
		byPassword := bearer(w.postForm(login("mill", "pia", password)).want(200).field("access_token"))
		byKey := bearer(w.tokenOf(pia, "api"))
		service := &admin.Service{Store: w.store, Hasher: w.hasher, Log: slog.New(slog.DiscardHandler)}
		user, err := w.store.User(w.Context(), "acme", "pia")
		w.must(err)
		w.announced()
		w.must(service.RequestPasswordLink(w.Context(), admin.Actor{Via: "console", At: w.clock.now()}, user))
		asked := w.announced()[0]
		link, err := service.PasswordLinkOf(w.Context(), asked, w.clock.now())
		w.must(err)

		w.patch(w.ada, acmeUsers+"/pia", `{"kind":""}`).wantCode(422, "invalid_kind")
		w.patch(w.ada, acmeUsers+"/pia", `{"kind":"service","password":"correct horse"}`).wantCode(422, "service_user")
		w.patch(w.ada, acmeUsers+"/pia", `{"kind":"person"}`).want(200)
		if events := w.announced(); len(events) != 0 {
			w.Errorf("nothing has changed, and there are %v", events)
		}
		a := w.patch(w.ada, acmeUsers+"/pia", `{"kind":"service"}`).want(200)
		if !strings.Contains(a.body, `"kind":"service"`) || !strings.Contains(a.body, `"has_password":false`) {
			w.Error(a.body)
		}
		if events := w.announced(); len(events) != 1 || events[0].Payload.Person == nil || !events[0].Payload.Person.Robot {
			w.Errorf("the person would hear of %v", events)
		}
		if w.introspect(w.tom, string(byPassword)).want(200).body != inactive {
			w.Error("a token from the password lives")
		}
		if w.introspect(w.tom, string(byKey)).want(200).body == inactive {
			w.Error("a token of the access key is dead")
		}
		w.exchange(pia).want(200)
		w.postForm(login("mill", "pia", password)).wantError(400, "invalid_grant")
		if _, err := service.PasswordLinkUser(w.Context(), admin.PasswordLinkID(link.Code), w.clock.now()); !errors.Is(err, store.ErrNotFound) {
			w.Errorf("a link from before: %v", err)
		}
		asked.At = w.clock.now().Add(time.Minute) // by the clock of a server that is ahead
		if _, err := service.PasswordLinkOf(w.Context(), asked, w.clock.now()); !errors.Is(err, store.ErrNotFound) {
			w.Errorf("a link that was asked for before: %v", err)
		}

		w.patch(w.ada, acmeUsers+"/pia", `{"kind":"service"}`).want(200)
		w.patch(w.ada, acmeUsers+"/pia", `{"kind":"person"}`).wantCode(409, "kind_fixed")
		w.post(w.ada, acmeUsers, map[string]string{"id": "heir", "email": pia.email()}).want(201) // the address is free
		w.postForm(login("mill", pia.email(), password)).wantError(400, "invalid_grant")
	})
}

// A key that waits for a person who becomes a robot waits for nobody: its link is dead, and a refresh gives it a secret.
func TestAKeyForPickUpOutlivesThePersonButNotTheLink(t *testing.T) {
	w := newWorld(t)
	mia := w.mia
	w.delete(w.ada, keyPath(mia)).want(204)
	pickUp := newKey("mia", "api")
	pickUp["pick_up"] = true
	w.announced()
	mia.clientID = w.post(w.ada, forgeKeys, pickUp).want(201).field("client_id")
	made := w.announced()[0]
	if _, _, err := w.server.Links().PickUp(w.Context(), made, w.clock.now()); err != nil {
		t.Fatal(err)
	}
	w.patch(w.ada, acmeUsers+"/mia", `{"kind":"service"}`).want(200)
	if _, _, err := w.server.Links().PickUp(w.Context(), made, w.clock.now()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a link for a robot: %v", err)
	}
	a := w.post(w.ada, keyPath(mia)+"/refresh", `{}`).want(200)
	mia.secret = a.field("client_secret")
	w.exchange(mia).want(200)
}

// A robot is nobody who could run an account (R32).
func TestTheLastAdminStaysAPerson(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.PasswordSunset = time.Time{} })
	w.patch(w.ada, acmeUsers+"/ada", `{"kind":"service"}`).wantCode(409, "last_admin")
	w.patch(w.ada, acmeUsers+"/mia", `{"roles":["account_admin"]}`).want(200)
	w.patch(w.ada, acmeUsers+"/ada", `{"kind":"service"}`).want(200)
	w.patch(w.ada, acmeUsers+"/mia", `{"kind":"service"}`).wantCode(409, "last_admin")
	if user, err := w.store.User(t.Context(), "acme", "mia"); err != nil || user.Kind == policy.KindService {
		t.Errorf("mia is %+v, %v", user, err)
	}
}
