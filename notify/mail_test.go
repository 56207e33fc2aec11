package notify_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

const issuer = "https://mintkey.example.com"

func newMail(t testing.TB, config notify.MailConfig) *notify.Mail {
	t.Helper()
	if config.From == "" {
		config.From = "Mintkey <mintkey@example.com>"
	}
	config.Issuer = issuer
	m, err := notify.NewMail(config)
	must(t, err)
	return m
}

// In dark mailboxes a link has the colour that the frame gives its class, and a button its ground: none is dark blue on black.
func TestLinksOfMailsAreStyled(t *testing.T) {
	files, err := filepath.Glob("templates/*.html")
	must(t, err)
	links := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, link := range regexp.MustCompile("<a [^>]*>").FindAllString(string(text), -1) {
			links++
			if !strings.Contains(link, `class="link"`) && !strings.Contains(link, "background:") {
				t.Errorf("%s: %s", file, link)
			}
		}
	}
	if links == 0 {
		t.Error("the templates have no links")
	}
}

// arrived is a message as the owner's mail program sees it.
type arrived struct {
	header  mail.Header
	subject string
	text    string
	html    string
}

func read(t testing.TB, r received) arrived {
	t.Helper()
	m := r.message(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	a := arrived{header: m.Header, subject: subject}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	must(t, err)
	if kind != "multipart/alternative" {
		t.Fatalf("content type %s", kind)
	}
	var kinds []string
	for parts := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		must(t, err)
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		must(t, err)
		if !strings.EqualFold(parameters["charset"], "utf-8") {
			t.Errorf("charset %s", parameters["charset"])
		}
		kinds = append(kinds, kind)
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if kind == "text/html" {
			a.html = text
		} else {
			a.text = text
		}
	}
	if diff := cmp.Diff([]string{"text/plain", "text/html"}, kinds); diff != "" { // the best last, RFC 2046 section 5.1.4
		t.Error(diff)
	}
	return a
}

// expiringEvent is the notice of the seventh day before a key's expiry.
func expiringEvent(key policy.AccessKey) policy.Event {
	expiry := key.CreatedAt.AddDate(0, 0, 90)
	at := policy.NoticeTime(expiry, 7).Add(40 * time.Second)
	return policy.Event{
		ID: policy.NewEventID(at, [10]byte{7}), At: at, Action: policy.ActionKeyExpiring, Actor: policy.Actor{Via: "server"},
		AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: key.ClientID,
		Payload: policy.Payload{Notice: &policy.Notice{DaysBefore: 7, ExpiresAt: expiry}},
	}
}

func TestMailOfAnExpiringKey(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := newKey("mk_1", "build server", noon)
	addKey(t, s, "ada", key)
	event := expiringEvent(key)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	must(t, deliver(t.Context(), s, channel, event, event.At))

	raw := server.only(t)
	if diff := cmp.Diff([]string{"ada@example.com"}, raw.to); diff != "" || raw.from != "mintkey@example.com" {
		t.Errorf("envelope from %s to %s", raw.from, diff)
	}
	got := read(t, raw)
	for name, want := range map[string]string{
		"From":           `"Mintkey" <mintkey@example.com>`,
		"To":             `"Ada Lovelace" <ada@example.com>`,
		"Message-Id":     "<" + event.ID + "@example.com>",
		"Date":           "Sat, 23 May 2026 12:00:40 +0000",
		"Auto-Submitted": "auto-generated",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	if want := "Your access key expires in 7 days: build server (mk_1)"; got.subject != want {
		t.Errorf("subject %q, want %q", got.subject, want)
	}
	wantText := `Hello Ada Lovelace,

your access key expires in 7 days. Programs that use it get no tokens after that.

  Client ID  mk_1
  Label      build server
  Tenant     Tenant load (load)
  Expires    Saturday, 30 May 2026, 12:00 UTC

To keep it working, refresh it before it expires. It keeps its client ID and
gets a new client secret, which you then give to the programs that use it.

  On your page       https://mintkey.example.com/console/account

If your programs need time to change over, choose an overlap of up to 7 days
(--overlap 168h): the old secret goes on working that long, though never past
the date above.

If nothing uses the key any more, you need not do anything.

-- 
You get this because you own this access key.
Mintkey at https://mintkey.example.com
`
	if diff := cmp.Diff(wantText, got.text); diff != "" {
		t.Errorf("text: %s", diff)
	}
	for _, want := range []string{
		"Hello Ada Lovelace", "expires in 7 days", "mk_1", "build server", "Tenant load (load)", "Saturday, 30 May 2026, 12:00 UTC",
		`href="https://mintkey.example.com/console/account"`,
	} {
		if !strings.Contains(got.html, want) {
			t.Errorf("the HTML has no %q", want)
		}
	}
}

// It names the ways that its reader has, and no other.
func TestMailOfAnExpiringKeyNamesTheWayToRefreshIt(t *testing.T) {
	const page, refresh, rotate, admin = "/console/account", "keys refresh mk_1 --mine", "keys rotate --self", "an admin of the tenant can"
	for name, c := range map[string]struct {
		kind   policy.UserKind
		scopes []string
		ways   []string
	}{
		"a person":                            {policy.KindPerson, []string{"api"}, []string{page}},
		"a person whose programs see keys":    {policy.KindPerson, []string{"api", "self"}, []string{page, refresh}},
		"a person whose programs rotate":      {policy.KindPerson, []string{"api", "self", "rotate"}, []string{page, rotate}},
		"the contact of a robot":              {policy.KindService, []string{"api"}, []string{admin}},
		"the contact of a robot that rotates": {policy.KindService, []string{"api", "rotate"}, []string{admin, rotate}},
	} {
		t.Run(name, func(t *testing.T) {
			s, server := openBolt(t), startMailServer(t, mailServerOptions{})
			small(t, s)
			must(t, s.UpdateUser(t.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
				u.Kind = c.kind
				return u, nil, nil
			}))
			key := newKey("mk_1", "", noon)
			key.Scopes = c.scopes
			addKey(t, s, "ada", key)
			event := expiringEvent(key)
			must(t, deliver(t.Context(), s, newMail(t, notify.MailConfig{URL: server.url(), Records: s}), event, event.At))
			got := read(t, server.only(t))
			for _, text := range []string{got.text, got.html} {
				for _, way := range []string{page, refresh, rotate, admin} {
					if strings.Contains(text, way) != slices.Contains(c.ways, way) {
						t.Errorf("%q is named: %t\n%s", way, strings.Contains(text, way), text)
					}
				}
			}
		})
	}
}

func TestExpiryInWords(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	key := newKey("mk_1", "", noon)
	addKey(t, s, "ada", key)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for left, want := range map[time.Duration]string{
		30 * policy.Day:             "in 30 days",
		30*policy.Day - time.Minute: "in 30 days",
		7*policy.Day - time.Hour:    "in 7 days",
		2 * policy.Day:              "in 2 days",
		36*time.Hour - time.Minute:  "in 1 day",
		policy.Day - time.Minute:    "in 1 day",
		22 * time.Hour:              "in 22 hours",
		90 * time.Minute:            "in 2 hours",
		time.Hour + 29*time.Minute:  "within the hour",
		time.Minute:                 "within the hour",
	} {
		server.received = nil
		must(t, deliver(t.Context(), s, channel, expiringEvent(key), after(90).Add(-left)))
		if got := read(t, server.only(t)).subject; got != "Your access key expires "+want+": mk_1" {
			t.Errorf("%v before: %q, want %q", left, got, want)
		}
	}
}

func TestMailOfWhatOthersDid(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "build server", noon))
	refreshedAt := after(10)
	addKey(t, s, "ada", newKey("mk_2", "", noon))
	changeMembership(t, s, "ada", func(m policy.Membership) (policy.Membership, error) {
		return m.WithRefreshedKey("mk_2", policy.Secret{}, policy.Refresh{Overlap: 48 * time.Hour}, expiration(t, s), refreshedAt)
	})
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for _, row := range []struct {
		action        policy.Action
		actor, client string
		at            time.Time
		subject       string
		lines         []string // of both parts
	}{
		{
			policy.ActionKeyCreated, "grace", "mk_1", noon, "You have a new access key: build server (mk_1)",
			[]string{
				"Grace Hopper (grace@example.com)", "created an access key",
				"Sunday, 1 March 2026, 12:00 UTC", "Saturday, 30 May 2026, 12:00 UTC",
			},
		},
		{
			policy.ActionKeyRefreshed, "grace", "mk_2", refreshedAt, "Your access key has a new secret: mk_2",
			[]string{"Grace Hopper (grace@example.com)", "refreshed your access key", "Old secret works until", "Friday, 13 March 2026, 12:00 UTC"},
		},
		{
			policy.ActionKeyOverlapEnded, "grace", "mk_2", refreshedAt, "The old secret of your access key has stopped working: mk_2",
			[]string{"Grace Hopper (grace@example.com)", "ended the overlap of your access key"},
		},
		{
			policy.ActionKeyRevoked, "nobody", "mk_3", noon, "Your access key was revoked: mk_3",
			[]string{"an administrator", "revoked your access key", "you owned this access key"},
		},
		{
			policy.ActionKeyRevoked, "", "mk_3", noon, "Your access key was revoked: mk_3",
			[]string{"the operator of the server", "revoked your access key"},
		},
		{
			policy.ActionKeySuspended, "grace", "mk_2", noon, "Your access key was suspended: mk_2",
			[]string{"Grace Hopper (grace@example.com)", "suspended your access key", "Reason: in a build log", "until it is resumed"},
		},
		{
			policy.ActionKeyResumed, "grace", "mk_2", noon, "Your access key works again: mk_2",
			[]string{"Grace Hopper (grace@example.com)", "resumed your access key", "with the secret that it had"},
		},
	} {
		server.received = nil
		event := policy.Event{
			ID: "0-" + string(row.action), At: row.at, Action: row.action, Actor: policy.Actor{UserID: row.actor, Via: "api"},
			AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: row.client,
		}
		if row.action == policy.ActionKeySuspended {
			event.Payload.Key = &policy.KeyFacts{Reason: "in a build log"}
		}
		must(t, deliver(t.Context(), s, channel, event, row.at))
		got := read(t, server.only(t))
		if got.subject != row.subject {
			t.Errorf("%s: subject %q, want %q", row.action, got.subject, row.subject)
		}
		for _, line := range row.lines {
			if !strings.Contains(got.text, line) || !strings.Contains(got.html, line) {
				t.Errorf("%s: %q is missing in\n%s\n%s", row.action, line, got.text, got.html)
			}
		}
	}
}

// What owners need not hear of: their own doing, and what the notices have told them before.
func TestNoMail(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	for _, event := range []policy.Event{
		{Action: policy.ActionKeyCreated, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeyRefreshed, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeyRevoked, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionKeySuspended, Actor: policy.Actor{UserID: "ada"}, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionTenantSuspended, Actor: policy.Actor{UserID: "grace"}, TenantID: "load"},
		{Action: policy.ActionKeyExpired, UserID: "ada", TenantID: "load"},
		{Action: policy.ActionPolicyChanged, Actor: policy.Actor{UserID: "grace"}},
		{
			Action: policy.ActionUserUpdated, Actor: policy.Actor{UserID: "grace"}, UserID: "ada",
			Details: map[string]string{"changed": "name, email"},
		},
		{Action: policy.ActionKeyRevoked, Actor: policy.Actor{UserID: "grace"}, UserID: "deleted", TenantID: "load"},
	} {
		event.AccountID, event.ClientID = "acme", "mk_1"
		must(t, deliver(t.Context(), s, channel, event, noon))
		if taken := server.taken(); len(taken) > 0 {
			t.Errorf("%s by %q: %s", event.Action, event.Actor.UserID, taken[0].raw)
			server.received = nil
		}
	}
}

func TestStrangeNames(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addUser(t, s, "acme", "zoe", "Zoë \"the\" Ång\x1bström, \u202e<script>\r\nBcc: eve@example.com\r\n\r\nHi")
	join(t, s, "load", "zoe", noon)
	addKey(t, s, "zoe", newKey("mk_1", "キー\x00\r\nX-Evil: 1 <b>&", noon))
	event := expiringEvent(newKey("mk_1", "", noon))
	event.UserID = "zoe"
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s})
	must(t, deliver(t.Context(), s, channel, event, event.At))

	raw := server.only(t)
	got := read(t, raw)
	if diff := cmp.Diff([]string{"zoe@example.com"}, raw.to); diff != "" {
		t.Error(diff)
	}
	for _, injected := range []string{"Bcc", "X-Evil"} {
		if value := got.header.Get(injected); value != "" {
			t.Errorf("a name made a header: %s: %s", injected, value)
		}
	}
	if want := "Your access key expires in 7 days: キー X-Evil: 1 <b>& (mk_1)"; got.subject != want {
		t.Errorf("subject %q, want %q", got.subject, want)
	}
	to, err := got.header.AddressList("To")
	must(t, err)
	if want := `Zoë "the" Ång ström, <script> Bcc: eve@example.com Hi`; len(to) != 1 || to[0].Name != want {
		t.Errorf("to %v, want the name %q", to, want)
	}
	if strings.Contains(got.html, "<script>") || strings.Contains(got.html, "<b>") {
		t.Errorf("a name is live in the HTML: %s", got.html)
	}
	if !strings.Contains(got.html, "キー X-Evil: 1 &lt;b&gt;&amp;") || !strings.Contains(got.text, "キー X-Evil: 1 <b>&") {
		t.Errorf("the label got lost: %s", got.text)
	}
}
