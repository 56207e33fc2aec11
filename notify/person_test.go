package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// Whoever is being taken over hears of it, at the address from before (ASVS 6.3.6).
func TestMailAboutAChangedUser(t *testing.T) {
	moved := &policy.EmailChange{Before: "countess@example.com", After: "ada@example.com"}
	roles := &policy.RoleChange{After: []policy.Role{policy.RoleAccountAdmin, policy.RoleOperator}}
	for name, row := range map[string]struct {
		payload policy.Payload
		tenant  string
		gone    bool
		to      string
		lines   []string
	}{
		"address": {
			payload: policy.Payload{Person: &policy.PersonChange{Email: moved}},
			to:      "countess@example.com",
			lines: []string{
				"Hello Ada Lovelace,",
				"Grace Hopper (grace@example.com) changed your user in Account acme on Sunday, 1 March 2026, 12:00 UTC:",
				"Your e-mail address is now ada@example.com.",
				"Tell an admin of Account acme at once.",
			},
		},
		"address of a user who was deleted right after": {
			payload: policy.Payload{Person: &policy.PersonChange{Email: moved}},
			gone:    true, to: "countess@example.com", lines: []string{"Your e-mail address is now ada@example.com."},
		},
		"everything": {
			payload: policy.Payload{
				Person:   &policy.PersonChange{Email: moved, Roles: roles},
				Password: &policy.PasswordChange{},
			},
			to: "countess@example.com",
			lines: []string{
				"Your e-mail address is now ada@example.com.", "A new password was set.",
				"Your role in the account is now account admin and operator. It was none.",
			},
		},
		"role in a tenant": {
			payload: policy.Payload{Person: &policy.PersonChange{Roles: &policy.RoleChange{
				Before: []policy.Role{policy.RoleTenantAdmin}, After: []policy.Role{policy.RoleMember},
			}}},
			tenant: "load", to: "ada@example.com",
			lines: []string{"(load) is now member. It was tenant admin."},
		},
		"passkey": {
			payload: policy.Payload{SecondFactor: &policy.SecondFactorChange{PasskeyAdded: "Work laptop", CodesMade: true}},
			to:      "ada@example.com", lines: []string{"The passkey “Work laptop” was added.", "New recovery codes were made."},
		},
		"mail about new browsers off": {
			payload: policy.Payload{Person: &policy.PersonChange{NewBrowser: new(false)}},
			to:      "ada@example.com", lines: []string{"You no longer get a mail when somebody signs in as you from a new browser."},
		},
		"mail about new browsers on": {
			payload: policy.Payload{Person: &policy.PersonChange{NewBrowser: new(true)}},
			to:      "ada@example.com", lines: []string{"You get a mail again when somebody signs in as you from a new browser."},
		},
		"passkey removed": {
			payload: policy.Payload{SecondFactor: &policy.SecondFactorChange{PasskeyRemoved: "Phone"}},
			to:      "ada@example.com", lines: []string{"The passkey “Phone” was removed."},
		},
		"recovery code": {
			payload: policy.Payload{SecondFactor: &policy.SecondFactorChange{CodeUsed: true, CodesLeft: 9}},
			to:      "ada@example.com", lines: []string{"A recovery code was used to sign in. Codes left: 9."},
		},
		"second factor taken away": {
			payload: policy.Payload{SecondFactor: &policy.SecondFactorChange{TakenAway: true}},
			to:      "ada@example.com", lines: []string{"your password alone signs you in again."},
		},
		"binding": {
			payload: policy.Payload{Person: &policy.PersonChange{OpenID: true}}, to: "ada@example.com",
			lines: []string{"the next person with your address there becomes you here."},
		},
		"robot": {
			payload: policy.Payload{
				Person: &policy.PersonChange{Robot: true}, Password: &policy.PasswordChange{TakenAway: true},
			},
			to: "ada@example.com", lines: []string{"This user is a robot now, which nobody can sign in as:"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, server := openBolt(t), startMailServer(t, mailServerOptions{})
			small(t, s)
			if row.gone {
				must(t, s.DeleteUser(t.Context(), "acme", "ada"))
			}
			event := asked(policy.ActionUserUpdated, "grace", nil)
			event.TenantID, event.Payload = row.tenant, row.payload
			channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
			must(t, deliver(t.Context(), s, channel, event, noon.Add(time.Minute)))
			raw := server.only(t)
			if diff := cmp.Diff([]string{row.to}, raw.to); diff != "" {
				t.Error(diff)
			}
			got := read(t, raw)
			html := strings.NewReplacer("<strong>", "", "</strong>", "").Replace(got.html)
			for _, line := range row.lines {
				if !strings.Contains(strings.Join(strings.Fields(got.text), " "), line) || !strings.Contains(html, line) {
					t.Errorf("%q is missing in\n%s\n%s", line, got.text, got.html)
				}
			}
			for line := range strings.SplitSeq(got.text, "\n") {
				if len(line) > 78 {
					t.Errorf("a long line: %s", line)
				}
			}
		})
	}
}

// The event survives the outbox of each store as it was.
func TestPersonChangesAreStored(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	event := asked(policy.ActionUserUpdated, "grace", nil)
	event.Payload.Person = policy.PersonChangeOf(
		policy.User{Email: "a@example.com", OpenID: policy.Identity{Issuer: "https://id.example", Subject: "1"}},
		policy.User{Email: "b@example.com", Roles: []policy.Role{policy.RoleOperator}})
	must(t, s.RecordEvents(t.Context(), event))
	entries, err := s.ClaimOutbox(t.Context(), noon, noon.Add(time.Minute), 10)
	must(t, err)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	if diff := cmp.Diff(event.Payload, entries[0].Event.Payload); diff != "" {
		t.Error(diff)
	}
	want := &policy.PersonChange{
		Email: &policy.EmailChange{Before: "a@example.com", After: "b@example.com"},
		Roles: &policy.RoleChange{After: []policy.Role{policy.RoleOperator}},
	}
	if diff := cmp.Diff(want, entries[0].Event.Payload.Person); diff != "" {
		t.Error(diff)
	}
	events, err := s.Events(t.Context(), "acme", store.EventsQuery{Limit: 10})
	must(t, err)
	if events[0].Public().Payload != (policy.Payload{}) {
		t.Error("the trail shows what is for the server alone")
	}
}

// The person is told what is known of the browser, which may be nothing, on lines that no name breaks out of.
func TestMailAboutANewBrowser(t *testing.T) {
	for name, row := range map[string]struct {
		browser, method, address string
		lines                    []string
	}{
		"known": {"Firefox on Linux", policy.MethodPasskey, "192.0.2.7", []string{
			"Browser: Firefox on Linux", "Address: 192.0.2.7", "With: a passkey",
		}},
		"unknown": {"", policy.MethodPasswordAndCode, "", []string{
			"Browser: unknown", "Address: unknown", "With: the password and a recovery code",
		}},
		"forged": {"Fire\r\nAddress: 10.0.0.1", policy.MethodOpenID, "192.0.2.7", []string{
			"Browser: Fire Address: 10.0.0.1 Address: 192.0.2.7",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, server := openBolt(t), startMailServer(t, mailServerOptions{})
			small(t, s)
			event := asked(policy.ActionSessionStarted, "ada", nil)
			event.TenantID, event.Actor.Address = "", row.address
			event.Payload.NewBrowser = &policy.NewBrowser{Browser: row.browser, Method: row.method}
			channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
			must(t, deliver(t.Context(), s, channel, event, noon.Add(time.Minute)))
			raw := server.only(t)
			if diff := cmp.Diff([]string{"ada@example.com"}, raw.to); diff != "" {
				t.Error(diff)
			}
			got := read(t, raw)
			text := strings.Join(strings.Fields(got.text), " ")
			for _, line := range append(row.lines, "Somebody signed in as ada@example.com in Account acme", "/console/account") {
				if !strings.Contains(text, line) {
					t.Errorf("%q is missing in\n%s", line, got.text)
				}
			}
		})
	}
}
