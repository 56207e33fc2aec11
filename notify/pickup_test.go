package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mintkey/admin"
	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store/boltstore"
	"mintkey/store/bolttest"
)

// pickUps is a service that makes keys for Ada to pick up, and mail that brings her the links.
type pickUps struct {
	*testing.T
	store   *boltstore.Store
	path    string // of the file of the store
	service *admin.Service
	server  *mailServer
	worker  *notify.OutboxWorker
	log     bytes.Buffer
}

func newPickUps(t *testing.T) *pickUps {
	t.Helper()
	p := &pickUps{T: t, path: filepath.Join(t.TempDir(), "mintkey.db"), server: startMailServer(t, mailServerOptions{})}
	var err error
	p.store, err = boltstore.Open(p.path)
	must(t, err)
	t.Cleanup(func() { _ = p.store.Close() })
	small(t, p.store)
	p.service = &admin.Service{Store: p.store, Catalogue: policy.Catalogue{"api"}, ClientIDPrefix: "mk_", Log: slog.New(slog.DiscardHandler)}
	p.service.NextStatusIndex = func(context.Context) (uint64, error) { return 0, nil }
	p.service.Revoked = func(context.Context, policy.Event) error { return nil }
	mail := newMail(t, notify.MailConfig{
		URL: p.server.url(), Records: p.store,
		PickUpLink: func(ctx context.Context, event policy.Event, now time.Time) (string, time.Time, error) {
			link, err := p.service.PickUpOf(ctx, event, now)
			return issuer + "/console/pick-up/" + link.Code, link.Expires, err
		},
	})
	p.worker = notify.NewOutboxWorker(p.store, p.store, logTo(&p.log), mail)
	return p
}

// actor is a user who may do anything.
func (p *pickUps) actor(user string, at time.Time) admin.Actor {
	p.Helper()
	subject, err := p.store.Subject(p.Context(), "load", user)
	must(p, err)
	return admin.Actor{Subject: subject, Scopes: []string{"api", "keys:write"}, Via: "api", At: at}
}

// create makes a key at noon and returns it with the code that the answer has.
func (p *pickUps) create(user string) (admin.Key, string) {
	p.Helper()
	actor := p.actor(user, noon)
	key, link, err := p.service.CreateKeyForPickUp(p.Context(), actor, p.place(actor), admin.NewKey{UserID: "ada", Label: "build server"})
	must(p, err)
	return key, link.Code
}

func (p *pickUps) place(actor admin.Actor) admin.TenantContext {
	return admin.TenantContext{Account: actor.Account, Tenant: actor.Tenant}
}

var pickUpLine = regexp.MustCompile(`(?m)^` + issuer + `/console/pick-up/([A-Z2-7]{26})$`)

// code is that of the link in a message.
func (p *pickUps) code(a arrived) string {
	p.Helper()
	found := pickUpLine.FindStringSubmatch(a.text)
	if found == nil {
		p.Fatalf("no link in %s", a.text)
	}
	return found[1]
}

func TestMailOfAKeyToPickUp(t *testing.T) {
	for user, created := range map[string]string{"grace": "Grace Hopper (grace@example.com) created it on", "ada": "You created it on"} {
		p := newPickUps(t)
		key, _ := p.create(user)
		drain(t, p.worker, noon)
		raw := p.server.only(t)
		if !slices.Equal(raw.to, []string{"ada@example.com"}) {
			t.Errorf("the link goes to %s", raw.to)
		}
		got := read(t, raw)
		if want := "Pick up your access key: build server (" + key.ClientID + ")"; got.subject != want {
			t.Errorf("subject %q, want %q", got.subject, want)
		}
		code := p.code(got)
		for _, want := range []string{
			created, "It has no client secret yet",
			"The link works once, until Wednesday, 4 March 2026, 12:00 UTC", "Tenant load (load)",
		} {
			if !strings.Contains(got.text, want) {
				t.Errorf("%q is missing in\n%s", want, got.text)
			}
		}
		if !strings.Contains(got.html, `href="`+issuer+"/console/pick-up/"+code+`"`) ||
			!strings.Contains(got.html, "Wednesday, 4 March 2026, 12:00 UTC") {
			t.Errorf("the HTML has no such link: %s", got.html)
		}
		if strings.Contains(got.text, "Expires") {
			t.Errorf("a key that has no secret has no expiry: %s", got.text)
		}
		ada := p.actor("ada", noon.Add(72*time.Hour-1))
		if _, secret, err := p.service.PickUpKey(t.Context(), ada, code); err != nil || secret.Reveal() == "" {
			t.Errorf("the link opens nothing: %v", err)
		}
		if _, _, err := p.service.PickUpKey(t.Context(), ada, code); err == nil {
			t.Error("the link opens twice")
		}
	}
}

// Each attempt has a link of its own. None is in the outbox, the audit trail, the log, or the file of the store.
func TestPickUpLinksAreNowhereElse(t *testing.T) {
	p := newPickUps(t)
	var codes []string
	p.server.judge = func(r received) error {
		codes = append(codes, p.code(read(t, r)))
		if len(codes) == 1 {
			return &smtp.SMTPError{Code: 451, Message: "later"}
		}
		return nil
	}
	_, first := p.create("grace")
	drain(t, p.worker, noon)
	if count, _ := backlog(t, p.store); count != 1 {
		t.Fatalf("%d entries wait after a failure, want 1", count)
	}
	failed := bolttest.Text(t, p.path)
	drain(t, p.worker, noon.Add(10*time.Second))
	p.server.only(t)
	sent := bolttest.Text(t, p.path)
	if len(codes) != 2 || codes[0] == codes[1] {
		t.Fatalf("two attempts had the codes %v", codes)
	}
	if !strings.Contains(failed, "key.created") {
		t.Fatal("the file does not show what is in it")
	}
	for _, code := range append(codes, first) {
		for place, text := range map[string]string{"the store after a failure": failed, "the store at the end": sent, "the log": p.log.String()} {
			if strings.Contains(text, code) {
				t.Errorf("%s has a code", place)
			}
		}
	}
}

// There is no link to send when nothing waits for the owner any more.
func TestNoPickUpMail(t *testing.T) {
	for name, row := range map[string]struct {
		at     time.Time // of the delivery
		change func(p *pickUps, key admin.Key, code string) error
	}{
		"picked up": {noon.Add(time.Hour), func(p *pickUps, _ admin.Key, code string) error {
			_, _, err := p.service.PickUpKey(p.Context(), p.actor("ada", noon), code)
			return err
		}},
		"revoked": {noon.Add(time.Hour), func(p *pickUps, key admin.Key, _ string) error {
			actor := p.actor("ada", noon)
			return p.service.RevokeKey(p.Context(), actor, p.place(actor), key.ClientID, admin.IfMatch{})
		}},
		"disabled": {noon.Add(time.Hour), func(p *pickUps, _ admin.Key, _ string) error {
			return p.store.UpdateUser(p.Context(), "acme", "ada", func(u policy.User) (policy.User, []policy.Event, error) {
				u.Disabled = true
				return u, nil, nil
			})
		}},
		"too late": {noon.Add(72 * time.Hour), func(*pickUps, admin.Key, string) error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPickUps(t)
			key, code := p.create("grace")
			must(t, row.change(p, key, code))
			drain(t, p.worker, row.at)
			if taken := p.server.taken(); len(taken) > 0 {
				t.Errorf("a mail: %s", taken[0].raw)
			}
			if count, _ := backlog(t, p.store); count != 0 {
				t.Errorf("%d entries wait for ever", count)
			}
		})
	}
}

// A store that fails is asked again.
func TestPickUpLinkFails(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	channel := newMail(t, notify.MailConfig{URL: server.url(), Records: s, PickUpLink: func(
		context.Context, policy.Event, time.Time,
	) (string, time.Time, error) {
		return "", time.Time{}, errAway
	}})
	event := policy.Event{
		Action: policy.ActionKeyCreated, AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: "mk_1",
		Payload: policy.Payload{Key: &policy.KeyFacts{PickUp: true}},
	}
	if err := deliver(t.Context(), s, channel, event, noon); !errors.Is(err, errAway) || errors.Is(err, notify.ErrPermanent) {
		t.Errorf("got %v", err)
	}
}
