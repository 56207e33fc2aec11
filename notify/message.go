package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"math"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"

	"mintkey/policy"
)

//go:embed templates
var templateFiles embed.FS

// message is the data of the templates. It never holds a client secret. A link to pick one up is of use to the owner alone; a link to
// choose a password is of use to whoever reads it, which is why it is made for this message and expires soon.
type message struct {
	Owner       string
	Email       string // of the owner, for a message about a password
	Actor       string // the user who caused the event, if there is one
	ClientID    string
	Label       string   // may be empty
	Also        []string // the other keys that the same act revoked
	AccountName string   // for a message about a password
	TenantName  string
	TenantID    string
	Issuer      string
	Console     string   // base URL of the console
	LinkURL     string   // to a key that waits, or to choose a password
	Own         bool     // the owner did it
	Browser     string   // of a sign-in from a new one, in words; may be empty
	Method      string   // of that sign-in, in words
	Address     string   // from which it came
	ByLink      bool     // the password was chosen through a link
	Changes     []string // of the user, in sentences
	Reason      string   // why the key was suspended; may be empty
	ForGood     bool     // the key ends at a time of its own: no refresh keeps it working
	Robot       bool     // the owner never signs in, so the reader has no page
	Self        bool     // a program with the key can refresh it, knowing its client ID (scope self)
	Rotates     bool     // a program with the key can have it rotate itself (scope rotate)
	Other       string   // the owner of the key before or after it was transferred

	KeyOwner     string // in a message that goes to somebody else than the key's owner: that owner
	OverlapEnded bool   // the leaked secret was the old one of an overlap
	FoundAt      string // where a leaked secret was found, if somebody who is trusted says so; may be empty

	copies        []string  // the notice addresses of the tenant
	expiry        time.Time // zero when the key does not expire, or is gone
	oldSecretEnds time.Time // zero without an overlap
	linkEnds      time.Time // when LinkURL stops working
	at, now       time.Time // of the event, of the delivery
}

// Key names the access key in a subject line: people know it by its label, if it has one.
func (m message) Key() string { return keyName(m.ClientID, m.Label) }

func keyName(clientID, label string) string {
	if label == "" {
		return clientID
	}
	return label + " (" + clientID + ")"
}

// MaxOverlap is the longest overlap of a refresh in words; MaxOverlapHours is the same for a command.
func (message) MaxOverlap() string { return policy.InDays(policy.MaxOverlap) }

// MaxOverlapHours is a number.
func (message) MaxOverlapHours() int { return int(policy.MaxOverlap / time.Hour) }

// Expiry is the expiry with hour and zone, or empty.
func (m message) Expiry() string { return showTime(m.expiry) }

// OldSecretEnds is the end of an overlap with hour and zone, or empty.
func (m message) OldSecretEnds() string { return showTime(m.oldSecretEnds) }

// LinkEnds is the end of the link with hour and zone.
func (m message) LinkEnds() string { return showTime(m.linkEnds) }

// At is when it happened.
func (m message) At() string { return showTime(m.at) }

// In says in words how soon the key expires.
func (m message) In() string { return inWords(m.expiry.Sub(m.now)) }

// Page is where the owner, or somebody else who gets the message and is an admin of the tenant, refreshes the key.
func (m message) Page() string {
	if m.KeyOwner != "" {
		return m.Console + "/console/tenants/" + url.PathEscape(m.TenantID) + "/keys?q=" + url.QueryEscape(m.ClientID)
	}
	return m.Console + "/console/account"
}

// SignInPage is where a password is used, or a new one requested.
func (m message) SignInPage() string { return m.Console + "/console/sign-in" }

// RefreshURL is where a program refreshes the key.
func (m message) RefreshURL() string {
	return m.Issuer + "/me/v1/keys/" + url.PathEscape(m.ClientID) + "/refresh"
}

func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC")
}

// inWords rounds to days, or to hours on the last day: people plan in those, and a notice is sent some seconds after it is due.
func inWords(left time.Duration) string {
	days, hours := int(math.Round(left.Hours()/24)), int(math.Round(left.Hours()))
	switch {
	case days > 1:
		return fmt.Sprintf("in %d days", days)
	case hours > 22:
		return "in 1 day"
	case hours > 1:
		return fmt.Sprintf("in %d hours", hours)
	default:
		return "within the hour"
	}
}

// oneLine makes a text safe for a header and for a line of a table. Names are checked when they are saved; this does not rely on it.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if !policy.OnOneLine(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(clean), " ")
}

// The messages that are not named after an action.
const (
	messagePickUp      = "key.pick-up"
	messagePasswordSet = "user.password-set"
	messageReceived    = "key.received"
	messageNewBrowser  = "session.new-browser"
)

// messageName returns the name of the message about an event. There may be no such message.
func messageName(event policy.Event) string {
	switch {
	case forPickUp(event):
		return messagePickUp
	case event.Action == policy.ActionKeyTransferred && event.Payload.Key != nil && event.Payload.Key.From != "":
		return messageReceived
	case event.Payload.NewBrowser != nil:
		return messageNewBrowser
	case event.Payload.Person != nil, event.Payload.SecondFactor != nil:
		return messageUserChanged
	case event.Payload.Password != nil && !event.Payload.Password.TakenAway:
		return messagePasswordSet
	default:
		return string(event.Action)
	}
}

// messageTemplate renders the message about one kind of event.
type messageTemplate struct {
	text *texttemplate.Template // with the subject
	html *htmltemplate.Template
}

type renderedMessage struct {
	subject, text, html string
}

func parseMessages() (map[string]messageTemplate, error) {
	templates := map[string]messageTemplate{}
	for _, name := range []string{
		string(policy.ActionKeyExpiring), string(policy.ActionKeyCreated), string(policy.ActionKeyRefreshed), string(policy.ActionKeyRevoked),
		string(policy.ActionKeySuspended), string(policy.ActionKeyResumed),
		string(policy.ActionKeyOverlapEnded), string(policy.ActionKeyTransferred), messageReceived, string(policy.ActionKeyLeaked),
		messagePickUp,
		string(policy.ActionPasswordLinkRequested), string(policy.ActionPasswordLinkSent), messagePasswordSet, messageUserChanged,
		messageNewBrowser,
	} {
		path := "templates/" + name
		text, err := texttemplate.ParseFS(templateFiles, "templates/frame.txt", path+".txt")
		if err != nil {
			return nil, err
		}
		html, err := htmltemplate.ParseFS(templateFiles, "templates/frame.html", path+".html")
		if err != nil {
			return nil, err
		}
		templates[name] = messageTemplate{text, html}
	}
	return templates, nil
}

func (t messageTemplate) render(m message) (renderedMessage, error) {
	var subject, text, html strings.Builder
	if err := t.text.ExecuteTemplate(&subject, "subject", m); err != nil {
		return renderedMessage{}, err
	}
	if err := t.text.ExecuteTemplate(&text, "frame.txt", m); err != nil {
		return renderedMessage{}, err
	}
	if err := t.html.ExecuteTemplate(&html, "frame.html", m); err != nil {
		return renderedMessage{}, err
	}
	return renderedMessage{oneLine(subject.String()), strings.TrimSpace(text.String()) + "\n", strings.TrimSpace(html.String()) + "\n"}, nil
}
