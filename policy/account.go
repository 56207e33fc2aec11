package policy

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Account is a company: it has tenants and users, and one expiration policy for all their access keys.
type Account struct {
	ID         string           `json:"id"`
	Name       string           `json:"name"`
	CreatedAt  time.Time        `json:"created_at"`
	Expiration ExpirationPolicy `json:"expiration_policy"`
}

// Tenant is a part of an account. Access keys and tokens are bound to one. Its release never changes.
type Tenant struct {
	ID        string    `json:"id"`
	AccountID string    `json:"account_id"`
	Name      string    `json:"name"`
	Release   Release   `json:"release"`
	CreatedAt time.Time `json:"created_at"`
}

// User is a person in an account. IDs are unique in the whole server, because the sub of a token must be (RFC 9068 section 2.2);
// e-mail addresses are unique in the account.
type User struct {
	ID           string    `json:"id"`
	AccountID    string    `json:"account_id"`
	Name         string    `json:"name"`
	Email        string    `json:"email"`
	Roles        []Role    `json:"roles,omitempty"`
	PasswordHash string    `json:"password_hash,omitempty"` // argon2id, empty when the user has no password
	Disabled     bool      `json:"disabled,omitempty"`
	OpenID       Identity  `json:"openid,omitzero"` // who the user has signed in as; zero before the first time
	CreatedAt    time.Time `json:"created_at"`
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// CheckID returns ErrInvalidID unless id can be the ID of an account, a tenant or a user.
func CheckID(id string) error {
	if !idPattern.MatchString(id) {
		return ErrInvalidID
	}
	return nil
}

// The lengths of what people choose, in characters.
const (
	MaxNameLength     = 200 // of a name or a label
	MinPasswordLength = 8
	MaxPasswordLength = 256
)

// CheckName returns ErrInvalidName unless name can be shown on one line.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > MaxNameLength || !printable(name) {
		return ErrInvalidName
	}
	return nil
}

// CheckLabel returns ErrInvalidLabel unless label, which may be empty, can be shown on one line.
func CheckLabel(label string) error {
	if utf8.RuneCountInString(label) > MaxNameLength || !printable(label) {
		return ErrInvalidLabel
	}
	return nil
}

func printable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// CheckEmail returns ErrInvalidEmail unless email is one address without a name.
func CheckEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > 254 || !printable(email) {
		return ErrInvalidEmail
	}
	return nil
}

// FoldEmail is the form in which e-mail addresses are compared.
func FoldEmail(email string) string { return strings.ToLower(email) }

// CheckPassword returns ErrInvalidPassword for a password too short to be safe or too long to be hashed quickly.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPasswordLength || n > MaxPasswordLength || !utf8.ValidString(password) {
		return ErrInvalidPassword
	}
	return nil
}
