package notify

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"

	"mintkey/policy"
	"mintkey/store"
)

// MailConfig says how mail is sent, and where its links lead.
type MailConfig struct {
	// URL is smtp://user:password@host:587 or smtps://user:password@host:465. smtp uses STARTTLS when the server offers it;
	// ?tls=required, or a password for a server on another machine, insists on it.
	URL     string
	From    string // the sender, such as Mintkey <mintkey@example.com>
	Issuer  string // the URL that programs reach the server by, without a slash at the end
	Console string // the same for people; empty for Issuer
	Records Records
	// PickUpLink makes the link for the owner of a key that waits to be picked up (R26).
	PickUpLink LinkMaker
	// PasswordLink makes the link by which a user chooses a password.
	PasswordLink LinkMaker
	RootCAs      *x509.CertPool // that verify the mail server; nil for those of the system
}

// LinkMaker makes the link that an event asks for. It is called for each attempt to send, so that the outbox never holds a link. It
// returns store.ErrNotFound if there is nothing to link to any more.
type LinkMaker func(ctx context.Context, event policy.Event, now time.Time) (url string, expires time.Time, err error)

// Mail is a Channel that writes to the owners of access keys: before a key of theirs expires (R16, and to the
// notice addresses of the tenant too), when somebody else creates, refreshes,
// revokes or transfers one (R19), and, with the admins of the tenant, when a secret of one has leaked (R35). It sends the link to the owner
// of a key that waits to be picked up (R26), sends users links to choose a password, and tells them of a new password, address or role. It
// sends nothing when a key expires, because the owner has had three notices, nor when the policy changes, because the notices show that,
// nor to deleted users, who have no address any more.
type Mail struct {
	relay     relay
	from      *netmail.Address
	issuer    string
	console   string
	records   Records
	pickUp    LinkMaker
	password  LinkMaker
	templates map[string]messageTemplate
	sent      atomic.Int64
	reached   reached
}

// Sent is how many messages the mail server has taken.
func (m *Mail) Sent() int64 { return m.sent.Load() }

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
	templates, err := parseMessages()
	if err != nil {
		return nil, err
	}
	return &Mail{
		relay: relay, from: from, issuer: config.Issuer, console: cmp.Or(config.Console, config.Issuer), records: config.Records,
		pickUp: config.PickUpLink, password: config.PasswordLink, templates: templates,
	}, nil
}

// Name is "mail".
func (*Mail) Name() string { return "mail" }

// Deliver writes to the owner of the key, or to the user. The Message-ID and the Date come from the event, so that a mail system takes a
// second delivery of the same event for the same message (R17).
func (m *Mail) Deliver(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) error {
	template, ok := m.templates[messageName(event)]
	if !ok || ownDoing(event) && !forPickUp(event) && !aboutUser(event) || toldWithAnother(event) {
		return nil
	}
	content, to, err := m.compose(ctx, event, subject, now)
	if err != nil || to == nil {
		return err
	}
	switch {
	case event.Payload.Leak != nil:
		return m.sendAboutLeak(ctx, template, event, content, to)
	case event.Action == policy.ActionKeyExpiring && len(content.copies) > 0:
		return m.sendNotice(ctx, template, event, content, to)
	default:
		return m.send(ctx, template, event, event.ID, content, to)
	}
}

// send sends a message. The ID has to be the same each time that it is sent.
func (m *Mail) send(
	ctx context.Context, template messageTemplate, event policy.Event, id string, content message, to *netmail.Address,
) error {
	rendered, err := template.render(content)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	message.ToMailAddress(&netmail.Address{Name: undecoded(to.Name), Address: policy.ASCIIDomain(to.Address)})
	message.Subject(undecoded(rendered.subject))
	message.SetMessageIDWithValue(id + "@" + domain(m.from.Address))
	message.SetDateWithValue(event.At.UTC())
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no automatic replies
	message.SetBodyString(mail.TypeTextPlain, rendered.text)
	message.AddAlternativeString(mail.TypeTextHTML, rendered.html)
	if err := m.relay.send(ctx, message, policy.HasASCIILocalPart(to.Address)); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	m.sent.Add(1)
	return nil
}

// undecoded is the text of a header with an invisible character in what looks like the beginning of an encoded word (RFC 2047 section 2).
// Mail readers would decode it, and show another name than everybody else.
func undecoded(text string) string { return strings.ReplaceAll(text, "=?", "=\u2060?") }

// ownDoing says whether the owner did it, and so knows about it.
func ownDoing(event policy.Event) bool { return event.Actor.UserID == event.UserID }

// forPickUp says whether the event made a key that waits for its owner, who needs the link even after making the key alone.
func forPickUp(event policy.Event) bool {
	return event.Action == policy.ActionKeyCreated && event.Payload.Key != nil && event.Payload.Key.PickUp
}

// toldWithAnother says whether the message about another key, which the same act revoked, tells of this one too.
func toldWithAnother(event policy.Event) bool {
	return event.Payload.Key != nil && event.Payload.Key.ToldWith != ""
}

func domain(address string) string { return address[strings.LastIndex(address, "@")+1:] }

// compose builds the message and its recipient; the recipient is nil if the user is gone, or if nothing is left to link to.
func (m *Mail) compose(ctx context.Context, event policy.Event, subject SubjectFunc, now time.Time) (message, *netmail.Address, error) {
	if aboutUser(event) {
		return m.composeUser(ctx, event, now)
	}
	about, err := subject(ctx)
	if errors.Is(err, store.ErrNotFound) {
		about, err = m.formerMember(ctx, event)
	}
	if err != nil {
		return message{}, nil, absent(err)
	}
	msg := message{
		Owner: oneLine(about.User.Name), ClientID: oneLine(event.ClientID),
		TenantName: oneLine(about.Tenant.Name), TenantID: about.Tenant.ID, copies: about.Tenant.NoticeAddresses,
		Issuer: m.issuer, Console: m.console, at: event.At, now: now,
	}
	if event.Payload.Key != nil {
		msg.Label, msg.Reason = oneLine(event.Payload.Key.Label), oneLine(event.Payload.Key.Reason)
		for _, key := range event.Payload.Key.Also {
			msg.Also = append(msg.Also, keyName(oneLine(key.ClientID), oneLine(key.Label)))
		}
	}
	if msg.Actor, err = m.actor(ctx, event); err != nil {
		return message{}, nil, err
	}
	if msg.Other, err = m.otherOwner(ctx, event); err != nil {
		return message{}, nil, err
	}
	if forPickUp(event) {
		msg.LinkURL, msg.linkEnds, err = m.pickUp(ctx, event, now)
		if err != nil {
			return message{}, nil, absent(err)
		}
	} else {
		addKey(&msg, event, about)
	}
	return msg, &netmail.Address{Name: msg.Owner, Address: about.User.Email}, nil
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
func addKey(msg *message, event policy.Event, about policy.Subject) {
	key, err := about.Membership.Key(event.ClientID)
	if err != nil {
		return
	}
	msg.Label, msg.expiry = oneLine(key.Label), key.Expiry(about.Account.Expiration)
	msg.ForGood = key.EndsForGood(about.Account.Expiration)
	msg.Robot = about.User.IsRobot()
	msg.Self, msg.Rotates = slices.Contains(key.Scopes, policy.ScopeSelf), slices.Contains(key.Scopes, policy.ScopeRotate)
	if event.Action == policy.ActionKeyRefreshed && len(key.Secrets) > 1 && key.SecretIssuedAt().Equal(event.At) {
		msg.oldSecretEnds = key.Secrets[1].EndsAt
	}
}

// otherOwner names the owner of the key before or after the transfer that the event records; empty for other events.
func (m *Mail) otherOwner(ctx context.Context, event policy.Event) (string, error) {
	if event.Payload.Key == nil || event.Payload.Key.From == "" && event.Payload.Key.To == "" {
		return "", nil
	}
	user, err := m.records.User(ctx, event.AccountID, cmp.Or(event.Payload.Key.From, event.Payload.Key.To))
	if err != nil {
		return "somebody else", absent(err) // deleted since
	}
	return oneLine(user.Name) + " (" + oneLine(user.Email) + ")", nil
}

// actor names the user who caused the event.
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
