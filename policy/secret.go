package policy

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// SecretPrefix begins every client secret, so that secret scanners can find leaked ones.
const SecretPrefix = "mks_"

const (
	base62Alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretDigits    = 43 // 62^43 > 2^256
	checksumDigits  = 6  // 62^6 > 2^32
	clientIDDigits  = 22 // 62^22 > 2^128
	redacted        = "[redacted]"
	secretPatternRE = SecretPrefix + `[0-9A-Za-z]{49}`
)

// SecretLength is how many bytes a client secret has.
const SecretLength = len(SecretPrefix) + secretDigits + checksumDigits

var secretPattern = regexp.MustCompile(secretPatternRE)

// ClientSecret is a secret in clear. It prints, logs and marshals as "[redacted]". Only Reveal returns its text, for the one response that
// shows it (R3).
type ClientSecret struct {
	// A pointer, because fmt prints the fields of a struct whose methods it can't call: one in an unexported field of another struct, or
	// any struct under %p and a stray %w. Of a pointer it can print no more than the address.
	text *string
}

// NewClientSecret makes a secret of 256 random bits (R4): "mks_", 43 base62 digits, and 6 base62 digits of the CRC-32 (IEEE) of
// everything before them.
func NewClientSecret(random [32]byte) ClientSecret {
	body := SecretPrefix + base62(random[:], secretDigits)
	return ClientSecretFromRequest(body + checksum(body))
}

// ClientSecretFromRequest wraps a secret that a client presented, well-formed or not.
func ClientSecretFromRequest(text string) ClientSecret { return ClientSecret{&text} }

// Reveal returns the secret in clear, for the one response that shows it.
func (s ClientSecret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Digest is the SHA-256 of the secret, which is stored in its place.
func (s ClientSecret) Digest() Digest {
	var space [2 * SecretLength]byte // the copy of a secret of ours stays on the stack
	return sha256.Sum256(append(space[:0], s.Reveal()...))
}

// WellFormed says whether the checksum matches. For a random string of this form the chance is one in four thousand million.
func (s ClientSecret) WellFormed() bool {
	text := s.Reveal()
	if len(text) != SecretLength || secretPattern.FindString(text) != text {
		return false
	}
	body := text[:len(text)-checksumDigits]
	return checksum(body) == text[len(body):]
}

// String redacts.
func (ClientSecret) String() string { return redacted }

// GoString redacts.
func (ClientSecret) GoString() string { return redacted }

// Format redacts under every verb.
func (ClientSecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue redacts.
func (ClientSecret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText redacts, in JSON too.
func (ClientSecret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// FindSecrets returns the byte ranges of the client secrets in text, by pattern and checksum.
func FindSecrets(text []byte) [][2]int {
	var found [][2]int
	for start := 0; ; {
		at := secretPattern.FindIndex(text[start:])
		if at == nil {
			return found
		}
		from, to := start+at[0], start+at[1]
		start = from + len(SecretPrefix)
		if ClientSecretFromRequest(string(text[from:to])).WellFormed() {
			found = append(found, [2]int{from, to})
			start = to
		}
	}
}

// HasSecret says whether there is a client secret in text.
func HasSecret(text string) bool { return len(FindSecrets([]byte(text))) > 0 }

// A token of this server or of another, whole or cut short: the first part of every JWT is base64url of `{"`.
var jwtPattern = regexp.MustCompile(`eyJ[0-9A-Za-z_-]{8,}(?:\.[0-9A-Za-z_-]*)*`)

// WithoutSecrets is the text with every client secret and every JWT in it redacted. It is for errors and log lines that repeat parts of a
// request, since a client may send its secret or token anywhere.
func WithoutSecrets(text string) string {
	if strings.Contains(text, "eyJ") {
		text = jwtPattern.ReplaceAllLiteralString(text, redacted)
	}
	var kept strings.Builder
	end := 0
	for _, at := range FindSecrets([]byte(text)) {
		kept.WriteString(text[end:at[0]])
		kept.WriteString(redacted)
		end = at[1]
	}
	return kept.String() + text[end:]
}

// Excerpt quotes the beginning of a text that a caller sent, at most so many characters, for an error that repeats it. Secrets are redacted
// before it is cut: half of one would no longer be known for what it is.
func Excerpt(text string, most int) string {
	return strconv.QuoteToASCII(fmt.Sprintf("%.*s", most, WithoutSecrets(text)))
}

// Digest is the SHA-256 of a client secret. A random secret of 256 bits needs no slow hash, because it can't be guessed.
type Digest [sha256.Size]byte

// Equal compares in constant time.
func (d Digest) Equal(other Digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

// Prefix is the first 8 bytes in hex: enough to find a secret that is handed in, too little to tell one from another for sure (R35).
func (d Digest) Prefix() string { return hex.EncodeToString(d[:8]) }

// MarshalText is the digest in hexadecimal.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads the form that MarshalText writes.
func (d *Digest) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(d) {
		return fmt.Errorf("a digest has %d hexadecimal characters", 2*len(d))
	}
	copy(d[:], raw)
	return nil
}

// MaxClientIDLength is how long a client ID can be, in bytes. What is longer is nobody's and is not looked at.
const MaxClientIDLength = 128

// MaxClientIDAffixes is how long prefix and suffix of client IDs can be together, in bytes.
const MaxClientIDAffixes = MaxClientIDLength - clientIDDigits

// NewClientID makes a client ID of 128 random bits, between the configured prefix ("mk_" by default) and suffix.
func NewClientID(random [16]byte, prefix, suffix string) string {
	return prefix + base62(random[:], clientIDDigits) + suffix
}

// IsClientID says whether text has the form of NewClientID with this prefix and suffix.
func IsClientID(text, prefix, suffix string) bool {
	rest, hasPrefix := strings.CutPrefix(text, prefix)
	digits, hasSuffix := strings.CutSuffix(rest, suffix)
	return hasPrefix && hasSuffix && len(digits) == clientIDDigits && strings.Trim(digits, base62Alphabet) == ""
}

func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return base62([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, checksumDigits)
}

// base62 writes a big-endian number with a fixed number of digits, most significant first.
func base62(number []byte, digits int) string {
	rest, base, digit := new(big.Int).SetBytes(number), big.NewInt(int64(len(base62Alphabet))), new(big.Int)
	out := []byte(strings.Repeat(base62Alphabet[:1], digits))
	for i := digits - 1; i >= 0; i-- {
		rest.QuoRem(rest, base, digit)
		out[i] = base62Alphabet[digit.Int64()]
	}
	return string(out)
}
