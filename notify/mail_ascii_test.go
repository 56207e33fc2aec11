package notify_test

import (
	"errors"
	"mime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

// A domain outside ASCII goes to the mail server as A-labels. An address with such letters before the @ goes only to a server that takes
// them (RFC 6531 section 3.1).
func TestMailOutsideASCII(t *testing.T) {
	for _, row := range []struct {
		email     string
		onlyASCII bool
		want      string // the recipient; empty: none
	}{
		{"ada@exämple.com", true, "ada@xn--exmple-cua.com"},
		{"ada@exämple.com", false, "ada@xn--exmple-cua.com"},
		{"jörg@exämple.com", false, "jörg@xn--exmple-cua.com"},
		{"jörg@example.com", true, ""},
	} {
		s, server := openBolt(t), startMailServer(t, mailServerOptions{onlyASCII: row.onlyASCII})
		small(t, s)
		key := newKey("mk_1", "", noon)
		addKey(t, s, "ada", key)
		must(t, s.UpdateUser(t.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
			u.Email = row.email
			return u, nil, nil
		}))
		event := expiringEvent(key)
		err := deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), event, event.At)
		if row.want == "" {
			if !errors.Is(err, notify.ErrPermanent) || !strings.Contains(err.Error(), "SMTPUTF8") || len(server.taken()) > 0 {
				t.Errorf("%s: %v", row.email, err)
			}
			continue
		}
		must(t, err)
		if diff := cmp.Diff([]string{row.want}, server.only(t).to); diff != "" {
			t.Errorf("%s: %s", row.email, diff)
		}
	}
}

// A name that looks like an encoded word is shown as it is, and not as what a mail reader would make of it (RFC 2047).
func TestNamesThatLookEncoded(t *testing.T) {
	const name = "=?utf-8?q?Adm=69n?="
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addUser(t, s, "acme", "zoe", name)
	join(t, s, "load", "zoe", noon)
	key := newKey("mk_1", name, noon)
	addKey(t, s, "zoe", key)
	event := expiringEvent(key)
	event.UserID = "zoe"
	must(t, deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), event, event.At))
	got := read(t, server.only(t))
	to, err := new(mime.WordDecoder).DecodeHeader(got.header.Get("To"))
	must(t, err)
	for header, text := range map[string]string{"To": to, "Subject": got.subject} {
		if strings.Contains(text, "Admin") || !strings.Contains(strings.ReplaceAll(text, "\u2060", ""), name) {
			t.Errorf("%s is shown as %q", header, text)
		}
	}
}
