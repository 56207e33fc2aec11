package configs

import (
	"fmt"
	"log/slog"
	"strings"
)

const redacted = "[redacted]"

// hidden keeps text behind a pointer, because fmt prints the fields of a struct whose methods it can't call: one in an unexported field of
// another struct. Of a pointer it prints no more than the address.
type hidden struct{ text *string }

func hide(text string) hidden {
	if text == "" {
		return hidden{}
	}
	return hidden{&text}
}

// Reveal returns the text in clear.
func (h hidden) Reveal() string {
	if h.text == nil {
		return ""
	}
	return *h.text
}

// Secret is a setting that prints, logs and marshals as "[redacted]".
type Secret struct{ hidden }

// NewSecret wraps a secret.
func NewSecret(text string) Secret { return Secret{hide(text)} }

// String redacts; an empty secret is empty.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return redacted
}

// Format redacts under every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue redacts.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText redacts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretURL is a URL that prints, logs and marshals without the parts that may be secret: user, password and query.
type SecretURL struct{ hidden }

// NewSecretURL wraps a URL.
func NewSecretURL(text string) SecretURL { return SecretURL{hide(text)} }

// String is the URL with its secrets redacted. It cuts text, because net/url refuses the lists of hosts that Redis URLs have.
func (u SecretURL) String() string {
	scheme, rest, ok := strings.Cut(u.Reveal(), "://")
	if !ok {
		if u.Reveal() == "" {
			return ""
		}
		return redacted
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = redacted + rest[at:]
	}
	if before, _, ok := strings.Cut(rest, "?"); ok {
		rest = before + "?" + redacted
	}
	return scheme + "://" + rest
}

// Format redacts under every verb.
func (u SecretURL) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(u.String())) }

// LogValue redacts.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText redacts.
func (u SecretURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
