package notify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"mintkey/policy"
	"mintkey/store"
)

// MailConfig says how mail leaves, and what it points to.
type MailConfig struct {
	// URL is smtp://user:password@host:587 or smtps://user:password@host:465. smtp turns to TLS when the server offers it; ?tls=required, or a
	// password for a server on another machine, insists on it.
	URL     string
	From    string // the sender, such as Mintkey <mintkey@example.com>
	Issuer  string // the URL that people reach the server by, without a slash at the end
	Records Records
	// PickUpLink makes the link by which the owner has the secret of the key made that the key.created tells of (R26).
	PickUpLink LinkMaker
	// PasswordLink makes the link by which the user chooses a password, who asked for it or was sent it.
	PasswordLink LinkMaker
	RootCAs      *x509.CertPool // those that may vouch for the mail server; nil for the system's
}

// LinkMaker makes the link that an event asks for. It is called for each attempt to send, so that no outbox ever holds a link. It is
// store.ErrNotFound when there is nothing to link to any more.
type LinkMaker func(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error)

// Mail is a Channel that writes to the owners of access keys: before a key of theirs expires (R16), and when somebody else
// creates, refreshes or revokes one (R19). To the owner of a key that waits to be picked up it brings the link (R26), and to users links to choose
// a password, and the word that theirs was set. It is silent about a key that has expired, which its owner has been told three times, and
// about a change of the policy, which shows in the notices. A user who has been deleted has no address any more and hears nothing.
type Mail struct {
	relay     relay
	from      *netmail.Address
	issuer    string
	records   Records
	pickUp    LinkMaker
	password  LinkMaker
	templates map[string]letterTemplate
}

// NewMail checks the configuration. An error never repeats the password.
func NewMail(config MailConfig) (*Mail, error) {
	relay, err := newRelay(config.URL, config.RootCAs)
	if err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(config.From)
	if err != nil {
		return nil, fmt.Errorf("the sender of mail: %w", err)
	}
	templates, err := parseLetters()
	if err != nil {
		return nil, err
	}
	return &Mail{
		relay: relay, from: from, issuer: config.Issuer, records: config.Records, pickUp: config.PickUpLink, password: config.PasswordLink, templates: templates,
	}, nil
}

// Name is "mail".
func (*Mail) Name() string { return "mail" }

// Deliver writes to the owner of the key, or to the user. The Message-ID and the Date come from the event: a second delivery of the same event is the
// same message to a mail system (R17).
func (m *Mail) Deliver(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) error {
	template, ok := m.templates[letterName(event)]
	if !ok || ownDoing(event) && !forPickUp(event) && !aboutPassword(event) {
		return nil
	}
	letter, to, err := m.compose(ctx, event, subject, now)
	if err != nil || to == nil {
		return err
	}
	rendered, err := template.render(letter)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	message.ToMailAddress(to)
	message.Subject(rendered.subject)
	message.SetMessageIDWithValue(event.ID + "@" + domain(m.from.Address))
	message.SetDateWithValue(event.At.UTC())
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation answers, please
	message.SetBodyString(mail.TypeTextPlain, rendered.text)
	message.AddAlternativeString(mail.TypeTextHTML, rendered.html)
	if err := m.relay.send(ctx, message); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// ownDoing says whether the owner did it, and so knows.
func ownDoing(event policy.Event) bool { return event.Actor.UserID == event.UserID }

// forPickUp says whether the event made a key that waits for its owner, who needs the link even from himself.
func forPickUp(event policy.Event) bool {
	return event.Action == policy.ActionKeyCreated && event.Payload.Key != nil && event.Payload.Key.PickUp
}

func domain(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// compose builds the letter and its recipient; the recipient is nil if the user is gone, or if nothing is left to link to.
func (m *Mail) compose(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) (letter, *netmail.Address, error) {
	if aboutPassword(event) {
		return m.composePassword(ctx, event, now)
	}
	about, err := subject(ctx)
	if errors.Is(err, store.ErrNotFound) {
		about, err = m.formerMember(ctx, event)
	}
	if err != nil {
		return letter{}, nil, absent(err)
	}
	l := letter{
		Owner: oneLine(about.User.Name), ClientID: oneLine(event.ClientID),
		TenantName: oneLine(about.Tenant.Name), TenantID: about.Tenant.ID, Issuer: m.issuer, at: event.At, now: now,
	}
	if event.Payload.Key != nil {
		l.Label = oneLine(event.Payload.Key.Label)
	}
	if l.Actor, err = m.actor(ctx, event); err != nil {
		return letter{}, nil, err
	}
	if forPickUp(event) {
		l.LinkURL, l.linkEnds, err = m.pickUp(ctx, event, now)
		if err != nil {
			return letter{}, nil, absent(err)
		}
	} else {
		addKey(&l, event, about)
	}
	return l, &netmail.Address{Name: l.Owner, Address: about.User.Email}, nil
}

// formerMember is the subject of an event whose membership has ended: without membership and account.
func (m *Mail) formerMember(ctx context.Context, event policy.Event) (former policy.Subject, err error) {
	if former.User, err = m.records.User(ctx, event.AccountID, event.UserID); err != nil {
		return former, err
	}
	former.Tenant, err = m.records.Tenant(ctx, event.TenantID)
	return former, err
}

// addKey adds what is known of the key as it is now, if it still exists.
func addKey(l *letter, event policy.Event, about policy.Subject) {
	key, err := about.Membership.Key(event.ClientID)
	if err != nil {
		return
	}
	l.Label, l.expiry = oneLine(key.Label), key.Expiry(about.Account.Expiration)
	if event.Action == policy.ActionKeyRefreshed && len(key.Secrets) > 1 && key.SecretIssuedAt().Equal(event.At) {
		l.oldSecretEnds = key.Secrets[1].EndsAt
	}
}

// actor names who did it.
func (m *Mail) actor(ctx context.Context, event policy.Event) (string, error) {
	switch event.Actor.UserID {
	case "":
		return "the operator of the server", nil
	case event.UserID:
		return "You", nil
	}
	user, err := m.records.User(ctx, event.AccountID, event.Actor.UserID)
	if err != nil {
		return "an administrator", absent(err) // of another account, or deleted since
	}
	return oneLine(user.Name) + " (" + oneLine(user.Email) + ")", nil
}
