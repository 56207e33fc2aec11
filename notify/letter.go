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
	"unicode"

	"mintkey/policy"
)

//go:embed templates
var templateFiles embed.FS

// letter is what the templates write about. It has no secret: nothing here ever knew one. A link to pick one up is worth nothing to
// anybody but the owner; one to choose a password is worth something to whoever reads it, which is why it is made for this letter and soon dead.
type letter struct {
	Owner       string
	Email       string // of the owner, for a letter about a password
	Actor       string // who did it, for an event that somebody caused
	ClientID    string
	Label       string // may be empty
	AccountName string // for a letter about a password
	TenantName  string
	TenantID    string
	Issuer      string
	LinkURL     string // to a key that waits, or to choose a password
	Own         bool   // the owner did it
	ByLink      bool   // the password was chosen through a link

	expiry        time.Time // zero when the key does not expire, or is gone
	oldSecretEnds time.Time // zero without an overlap
	linkEnds      time.Time // when LinkURL does
	at, now       time.Time // of the event, of the delivery
}

// Key is how a subject names the access key: people know the label, if there is one.
func (l letter) Key() string {
	if l.Label == "" {
		return l.ClientID
	}
	return l.Label + " (" + l.ClientID + ")"
}

// MaxOverlap is the longest overlap of a refresh in words; MaxOverlapHours is the same for a command.
func (letter) MaxOverlap() string { return policy.InDays(policy.MaxOverlap) }

// MaxOverlapHours is a number.
func (letter) MaxOverlapHours() int { return int(policy.MaxOverlap / time.Hour) }

// Expiry is the expiry with its hour and zone, or empty.
func (l letter) Expiry() string { return showTime(l.expiry) }

// OldSecretEnds is the end of an overlap with its hour and zone, or empty.
func (l letter) OldSecretEnds() string { return showTime(l.oldSecretEnds) }

// LinkEnds is the end of the link with its hour and zone.
func (l letter) LinkEnds() string { return showTime(l.linkEnds) }

// At is when it happened.
func (l letter) At() string { return showTime(l.at) }

// In says in words how long the key still lives.
func (l letter) In() string { return inWords(l.expiry.Sub(l.now)) }

// Page is where the owner refreshes the key.
func (l letter) Page() string { return l.Issuer + "/console/account" }

// SignInPage is where a password is used, or asked for.
func (l letter) SignInPage() string { return l.Issuer + "/console/sign-in" }

// RefreshURL is where a program refreshes the key.
func (l letter) RefreshURL() string {
	return l.Issuer + "/me/v1/keys/" + url.PathEscape(l.ClientID) + "/refresh"
}

func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC")
}

// inWords rounds to days, or to hours on the last day: people plan in them, and a notice leaves some seconds after it is due.
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

// oneLine makes a text fit for a header and for a line of a table. Names are checked when they are saved; this does not trust that.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(clean), " ")
}

// The letters that are not named after an action.
const (
	letterPickUp      = "key.pick-up"
	letterPasswordSet = "user.password-set"
)

// letterName names the letter about an event, if there is one.
func letterName(event policy.Event) string {
	switch {
	case forPickUp(event):
		return letterPickUp
	case event.ChangesPassword():
		return letterPasswordSet
	default:
		return string(event.Action)
	}
}

// letterTemplate writes about one kind of event.
type letterTemplate struct {
	text *texttemplate.Template // with the subject
	html *htmltemplate.Template
}

type renderedLetter struct {
	subject, text, html string
}

func parseLetters() (map[string]letterTemplate, error) {
	letters := map[string]letterTemplate{}
	for _, name := range []string{
		string(policy.ActionKeyExpiring), string(policy.ActionKeyCreated), string(policy.ActionKeyRefreshed), string(policy.ActionKeyRevoked), letterPickUp,
		string(policy.ActionPasswordLinkRequested), string(policy.ActionPasswordLinkSent), letterPasswordSet,
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
		letters[name] = letterTemplate{text, html}
	}
	return letters, nil
}

func (t letterTemplate) render(l letter) (renderedLetter, error) {
	var subject, text, html strings.Builder
	if err := t.text.ExecuteTemplate(&subject, "subject", l); err != nil {
		return renderedLetter{}, err
	}
	if err := t.text.ExecuteTemplate(&text, "frame.txt", l); err != nil {
		return renderedLetter{}, err
	}
	if err := t.html.ExecuteTemplate(&html, "frame.html", l); err != nil {
		return renderedLetter{}, err
	}
	return renderedLetter{oneLine(subject.String()), strings.TrimSpace(text.String()) + "\n", strings.TrimSpace(html.String()) + "\n"}, nil
}
