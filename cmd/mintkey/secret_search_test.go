package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	main "mintkey/cmd/mintkey"
	"mintkey/policy"
)

// place is where a secret was found.
type place struct{ Line, Column int }

// check is what mintkey secret check finds in a text.
func check(t *testing.T, text string) []place {
	t.Helper()
	var stdout bytes.Buffer
	command := []string{"secret", "check", "-o", "json"}
	err := main.Run(t.Context(), command, nil, strings.NewReader(text), &stdout, io.Discard)
	var found struct{ Items []place }
	if wrong := json.Unmarshal(stdout.Bytes(), &found); wrong != nil || (err == nil) != (len(found.Items) == 0) {
		t.Fatalf("%v, %v: %s", wrong, err, stdout.Bytes())
	}
	return found.Items
}

func wide(text string, order binary.AppendByteOrder) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// wrapped is base64 as mail and YAML have it.
func wrapped(text string) string {
	var lines []string
	for encoded := base64.StdEncoding.EncodeToString([]byte(text)); encoded != ""; {
		n := min(len(encoded), 76)
		lines, encoded = append(lines, encoded[:n]), encoded[n:]
	}
	return strings.Join(lines, "\r\n    ")
}

// secretForms are the forms of a secret that are found, and the byte of each at which it begins.
func secretForms(secret string) map[string]int {
	escaped := func(underscore string) string { return strings.Replace(secret, "_", underscore, 1) }
	encode := base64.StdEncoding.EncodeToString
	return map[string]int{
		secret:                                    0,
		escaped("%5F"):                            0,
		escaped("%5f"):                            0,
		escaped("%255F"):                          0,
		escaped(`\u005f`):                         0,
		escaped("&#95;"):                          0,
		escaped("=5F"):                            0,
		wide(secret, binary.LittleEndian):         0,
		wide(secret, binary.BigEndian):            1,
		encode([]byte(secret)):                    0,
		encode([]byte("x" + secret)):              0,
		encode([]byte("xy" + secret)):             0,
		encode([]byte("mk_1:" + secret)):          4, // Basic authentication
		strings.TrimRight(wrapped(secret), "="):   0,
		wrapped(strings.Repeat("-", 54) + secret): 72,
		wrapped(strings.Repeat("-", 60) + secret): 86,
		base64.URLEncoding.EncodeToString([]byte(secret + "\xff\xfe\xfd?>")):           0,
		base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe\xfd>?>" + secret + "~")): 8,
	}
}

// A secret is found in the forms in which programs, mails, logs and configurations have it.
func TestSecretsAreFoundInOtherForms(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	for form, at := range secretForms(secret) {
		found := check(t, "a line\nx="+form+"\n")
		if len(found) != 1 || found[0] != (place{2, 3 + at}) && at < 76 || at >= 76 && found[0].Line != 3 {
			t.Errorf("%q: found %+v, want one at byte %d of it", form, found, at)
		}
	}
	both := "mks_" + strings.Repeat("a", 46) + secret // one begins in what looks like another
	if found := check(t, both); len(found) != 1 || found[0].Column != 51 {
		t.Errorf("%q: found %+v", both, found)
	}
	wrong := []byte(secret)
	wrong[9] ^= 1
	for form := range secretForms(string(wrong)) {
		if found := check(t, form); len(found) != 0 {
			t.Errorf("%q: found %+v, but the checksum is wrong", form, found)
		}
	}
}

// A long text is searched in parts. A secret is found once, at its place, wherever it lies across the end of one.
func TestSecretsAcrossTheEndOfAPartAreFoundOnce(t *testing.T) {
	secret := policy.NewClientSecret([32]byte{1}).Reveal()
	const part, overlap, step = 1 << 20, main.LongestForm, 7
	lines := strings.Repeat(strings.Repeat(".", 79)+"\n", part/80+2)
	for _, form := range []string{secret, wide(secret, binary.LittleEndian), wrapped("xyz" + secret)} {
		for _, end := range []int{part - overlap, part} {
			for before := end - len(form) - 1; before <= end+1; before += step {
				found := check(t, lines[:before]+form+"\n"+strings.Repeat("+", overlap))
				if len(found) != 1 || found[0].Line != before/80+1 {
					t.Errorf("%d bytes before %q: %+v", before, form, found)
				}
			}
		}
	}
}
