package notify_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"mintkey/admin"
	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/bolttest"
)

// linker makes the links of a service, and remembers them.
type linker struct {
	service *admin.Service
	urls    []string
}

func (l *linker) make(ctx context.Context, event policy.Event, now time.Time) (string, time.Time, error) {
	link, err := l.service.PasswordLinkOf(ctx, event, now)
	if err == nil {
		l.urls = append(l.urls, issuer+"/console/password/"+link.Code)
	}
	return issuer + "/console/password/" + link.Code, link.Expires, err
}

// asked is an event about Ada's password.
func asked(action policy.Action, actor string, details map[string]string) policy.Event {
	return policy.Event{
		ID: policy.NewEventID(noon, [10]byte{9}), At: noon, Action: action, Actor: policy.Actor{UserID: actor, Via: "console"},
		AccountID: "acme", UserID: "ada",
		Details: details, Announce: true,
	}
}

func TestMailAboutPasswords(t *testing.T) {
	set, byLink := map[string]string{"changed": "name, password"}, map[string]string{"changed": "password", "by_link": "true"}
	for _, row := range []struct {
		event   policy.Event
		subject string
		lines   []string // of the text, and apart from its line breaks of the HTML
		link    bool
	}{
		{
			asked(policy.ActionPasswordLinkRequested, "", nil), "Choose a new password for Mintkey (Account acme)",
			[]string{
				"somebody, most likely you, forgot the password of ada@example.com in Account acme.",
				"until Sunday, 1 March 2026, 13:00 UTC.",
				"Nothing has changed.",
			},
			true,
		},
		{
			asked(policy.ActionPasswordLinkSent, "grace", nil), "Choose your password for Mintkey (Account acme)",
			[]string{
				"Grace Hopper (grace@example.com) asks you to choose a password for Mintkey, where you find your access keys of Account acme:",
				"until Wednesday, 4 March 2026, 12:00 UTC.",
			},
			true,
		},
		{
			asked(policy.ActionPasswordLinkSent, "ada", nil), "Choose your password for Mintkey (Account acme)",
			[]string{"you wanted to choose a password for Mintkey"},
			true,
		},
		{
			asked(policy.ActionUserUpdated, "grace", set), "A new password was set for Mintkey (Account acme)",
			[]string{
				"Grace Hopper (grace@example.com) set a new password for ada@example.com in Account acme on Sunday, 1 March 2026, 12:00 UTC.",
				"Tell an admin of Account acme at once.",
			},
			false,
		},
		{
			asked(policy.ActionUserUpdated, "ada", byLink), "A new password was set for Mintkey (Account acme)",
			[]string{
				"You set a new password for ada@example.com in Account acme on Sunday, 1 March 2026, 12:00 UTC, through a link that was mailed to you.",
			},
			false,
		},
	} {
		s, server := openBolt(t), startMailServer(t, mailServerOptions{})
		small(t, s)
		links := &linker{service: &admin.Service{Store: s}}
		channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s, PasswordLink: links.make})
		must(t, deliver(t.Context(), s, channel, row.event, noon.Add(time.Minute)))
		raw := server.only(t)
		if diff := cmp.Diff([]string{"ada@example.com"}, raw.to); diff != "" {
			t.Error(diff)
		}
		got := read(t, raw)
		if got.subject != row.subject {
			t.Errorf("subject %q, want %q", got.subject, row.subject)
		}
		html := strings.NewReplacer("<strong>", "", "</strong>", "").Replace(got.html)
		for _, line := range row.lines {
			if !strings.Contains(strings.Join(strings.Fields(got.text), " "), line) || !strings.Contains(html, line) {
				t.Errorf("%q is missing in\n%s\n%s", line, got.text, got.html)
			}
		}
		for line := range strings.SplitSeq(got.text, "\n") {
			if len(line) > 78 && !strings.HasPrefix(line, "https:") {
				t.Errorf("a long line: %s", line)
			}
		}
		if want := len(links.urls) == 1; want != row.link {
			t.Fatalf("%s made the links %v", row.event.Action, links.urls)
		}
		if row.link && (!strings.Contains(got.text, "\n"+links.urls[0]+"\n") || !strings.Contains(got.html, `href="`+links.urls[0]+`"`)) {
			t.Errorf("no link in\n%s\n%s", got.text, got.html)
		}
	}
}

// Each attempt has a link of its own, and the one that arrives works, whatever became of those before. None is in the outbox, the audit
// trail, the log, or the file of the store.
func TestPasswordLinksAreNowhereElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s, err := boltstore.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	small(t, s)
	server := startMailServer(t, mailServerOptions{})
	links := &linker{service: &admin.Service{Store: s}}
	attempts := 0
	server.judge = func(received) error {
		if attempts++; attempts == 1 {
			return &smtp.SMTPError{Code: 451, Message: "later"}
		}
		return nil
	}
	var log bytes.Buffer
	worker := notify.NewOutboxWorker(s, s, logTo(&log), newMail(t, notify.MailConfig{URL: server.url(), Records: s, PasswordLink: links.make}))
	must(t, s.RecordEvents(t.Context(), asked(policy.ActionPasswordLinkSent, "grace", nil)))
	drain(t, worker, noon)
	failed := bolttest.Text(t, path)
	drain(t, worker, noon.Add(10*time.Second))
	sent := bolttest.Text(t, path)
	if len(links.urls) != 2 || links.urls[0] == links.urls[1] ||
		!strings.Contains(failed, string(policy.ActionPasswordLinkSent)) || log.Len() == 0 {
		t.Fatalf("two attempts made the links %v; the log is %s", links.urls, log.String())
	}
	for _, url := range links.urls {
		code := url[strings.LastIndex(url, "/")+1:]
		for place, text := range map[string]string{"the store after a failure": failed, "the store at the end": sent, "the log": log.String()} {
			if strings.Contains(text, code) {
				t.Errorf("%s has a code", place)
			}
		}
		user, err := links.service.PasswordLinkUser(t.Context(), admin.PasswordLinkID(code), noon.Add(time.Hour))
		if err != nil || user.ID != "ada" {
			t.Errorf("a link that may have arrived is for %q (%v)", user.ID, err)
		}
	}
}

// A store that fails is asked again; who is gone gets no mail.
func TestPasswordLinkFails(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	for _, fails := range []error{errAway, store.ErrNotFound} {
		channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s, PasswordLink: func(
			context.Context, policy.Event, time.Time,
		) (string, time.Time, error) {
			return "", time.Time{}, fails
		}})
		err := deliver(t.Context(), s, channel, asked(policy.ActionPasswordLinkSent, "grace", nil), noon)
		gone := errors.Is(fails, store.ErrNotFound)
		if gone && err != nil || !gone && !errors.Is(err, errAway) || errors.Is(err, notify.ErrPermanent) {
			t.Errorf("%v becomes %v", fails, err)
		}
	}
	if taken := server.taken(); len(taken) > 0 {
		t.Errorf("a mail: %s", taken[0].raw)
	}
}

// That a password was taken away is announced for gateways alone: the mail would call it a password that was set.
func TestNoMailAboutAPasswordThatIsTakenAway(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	event := asked(policy.ActionUserUpdated, "grace", nil)
	event.Payload.Password = &policy.PasswordChange{TakenAway: true}
	event.Payload.Ended = &policy.EndedTokens{Until: noon, PasswordsOnly: true}
	must(t, deliver(t.Context(), s, channel, event, noon))
	if taken := server.taken(); len(taken) > 0 {
		t.Errorf("a mail: %s", taken[0].raw)
	}
}
