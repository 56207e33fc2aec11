package notify_test

import (
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// withNoticeAddresses gives tenant load notice addresses.
func withNoticeAddresses(t *testing.T, s store.Tenants, addresses ...string) {
	t.Helper()
	must(t, s.UpdateTenant(t.Context(), "load", func(tenant policy.Tenant) (policy.Tenant, []policy.Event, error) {
		tenant.NoticeAddresses = addresses
		return tenant, nil, nil
	}))
}

// R16: the notice addresses of a tenant get the notices of its keys too, each alone. The owner gets one, whatever the addresses are.
func TestNoticesToOthers(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := newKey("mk_1", "build server", noon)
	addKey(t, s, "ada", key)
	withNoticeAddresses(t, s, "ops@acme.example", "ADA@example.com", "oncall@acme.example")
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	event := expiringEvent(key)
	must(t, deliver(t.Context(), s, channel, event, event.At))
	var to, ids []string
	for _, r := range server.taken() {
		got := read(t, r)
		to, ids = append(to, strings.Join(r.to, " ")), append(ids, got.header.Get("Message-ID"))
		subject, lines := "An access key of Ada Lovelace expires in 7 days: build server (mk_1)", []string{
			"an access key of Ada Lovelace", issuer + "/console/tenants/load/keys?q=mk_1", "The owner got a notice too", "Hello,",
			"this address gets the notices of the tenant's access keys", "Tenant load (load)",
		}
		if r.to[0] == "ada@example.com" {
			subject, lines = "Your access key expires in 7 days: build server (mk_1)", []string{
				"your access key", issuer + "/console/account", "Hello Ada Lovelace,", "you own this access key",
			}
		}
		for _, line := range lines {
			html := strings.ReplaceAll(got.html, "&#39;", "'")
			if !strings.Contains(got.text, line) || !strings.Contains(html, line) {
				t.Errorf("%s: %q is missing in\n%s\n%s", r.to, line, got.text, got.html)
			}
		}
		if got.subject != subject || strings.Contains(got.text+got.html, "@acme.example") {
			t.Errorf("%s: %s\n%s", r.to, got.subject, got.text)
		}
	}
	wantEachTheirOwn(t, to, ids, "ada@example.com", "ops@acme.example", "oncall@acme.example")

	server.received = nil
	revoked := event
	revoked.Action, revoked.Actor = policy.ActionKeyRevoked, policy.Actor{UserID: "grace"}
	must(t, deliver(t.Context(), s, channel, revoked, event.At))
	if got := server.only(t).to; !cmp.Equal(got, []string{"ada@example.com"}) {
		t.Errorf("what is no notice goes to %q", got)
	}
}

// Who has the message does not get it again because somebody else's mailbox is busy: of a notice, and of a leak.
func TestOneBusyMailboxRepeatsNothing(t *testing.T) {
	for name, event := range map[string]policy.Event{
		"notice": expiringEvent(newKey("mk_1", "", noon)), "leak": leakEvent(policy.LeakStopsKey),
	} {
		s, server := openBolt(t), startMailServer(t, mailServerOptions{})
		small(t, s)
		addKey(t, s, "ada", newKey("mk_1", "", noon))
		withNoticeAddresses(t, s, "busy@acme.example", "ops@acme.example")
		for _, id := range []string{"busy", "zoe"} {
			addUser(t, s, "acme", id, "Admin "+id)
			join(t, s, "load", id, noon)
			changeMembership(t, s, id, func(m policy.Membership) (policy.Membership, error) { return m.WithRole(policy.RoleTenantAdmin, noon) })
		}
		refuse := func(to string) error {
			if strings.HasPrefix(to, "busy@") {
				return &smtp.SMTPError{Code: 450, Message: "later"}
			}
			return nil
		}
		channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
		server.refuseRcpt = refuse
		for range 3 {
			if err := deliver(t.Context(), s, channel, event, event.At); err == nil {
				t.Errorf("%s: a busy mailbox is no error", name)
			}
		}
		server.refuseRcpt = nil
		must(t, deliver(t.Context(), s, channel, event, event.At))
		var to []string
		for _, r := range server.taken() {
			to = append(to, strings.SplitN(r.to[0], "@", 2)[0])
		}
		want := map[string][]string{"notice": {"ada", "ops", "busy"}, "leak": {"ada", "zoe", "busy"}}[name]
		if diff := cmp.Diff(want, to); diff != "" {
			t.Error(name, diff)
		}
	}
}
