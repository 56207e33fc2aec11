package policy_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mintkey/policy"
)

// Random bytes 0 to 31, 32 of zero and 32 of 255, with secrets computed outside of Go.
const (
	countingSecret = "mks_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4VUD2d"
	zeroSecret     = "mks_000000000000000000000000000000000000000000040rAmt"
	fullSecret     = "mks_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp123t1GB"
	countingDigest = "df5dbf341e904faf603325d4c8d01f9c1d9cca4a279362c3f84a0907fd4c2d6f"
)

func counting() (random [32]byte) {
	for i := range random {
		random[i] = byte(i)
	}
	return random
}

func TestNewClientSecret(t *testing.T) {
	equal(t, "counting bytes", policy.NewClientSecret(counting()).Reveal(), countingSecret)
	equal(t, "zeros", policy.NewClientSecret([32]byte{}).Reveal(), zeroSecret)
	equal(t, "ones", policy.NewClientSecret([32]byte(bytes.Repeat([]byte{0xff}, 32))).Reveal(), fullSecret)
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// slowChecksum is CRC-32 (IEEE) bit by bit, in six base62 digits.
func slowChecksum(body string) string {
	crc := uint32(0xffffffff)
	for _, b := range []byte(body) {
		crc ^= uint32(b)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ 0xedb88320
			} else {
				crc >>= 1
			}
		}
	}
	crc = ^crc
	var out string
	for range 6 {
		out = digits[crc%62:crc%62+1] + out
		crc /= 62
	}
	return out
}

func TestEverySecretHasItsFormAndChecksum(t *testing.T) {
	form := regexp.MustCompile(`^mks_[0-9A-Za-z]{49}$`)
	rapid.Check(t, func(t *rapid.T) {
		random := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random"))
		text := policy.NewClientSecret(random).Reveal()
		if body, sum := text[:47], text[47:]; !form.MatchString(text) || sum != slowChecksum(body) {
			t.Fatalf("secret %s, want checksum %s", text, slowChecksum(body))
		}
		if !policy.ClientSecretFromRequest(text).WellFormed() {
			t.Fatalf("%s is not well-formed", text)
		}
	})
}

func TestWellFormed(t *testing.T) {
	for _, text := range []string{
		"", "mks_", countingSecret[:52], countingSecret + "0", " " + countingSecret, countingSecret + "\n",
		"mkx_" + countingSecret[4:], strings.ToLower(countingSecret), countingSecret[:52] + "e", countingSecret[:10] + "-" + countingSecret[11:],
	} {
		if policy.ClientSecretFromRequest(text).WellFormed() {
			t.Errorf("%q is well-formed", text)
		}
	}
}

// R3: a secret is never shown, in whatever value it is formatted by mistake.
func TestClientSecretNeverShows(t *testing.T) {
	secret := policy.NewClientSecret(counting())
	type hidden struct{ secret policy.ClientSecret }
	type exported struct{ Secret policy.ClientSecret }
	values := map[string]any{
		"value": secret, "pointer": &secret, "exported field": exported{secret}, "unexported field": hidden{secret},
		"pointer to unexported field": &hidden{secret}, "slice": []policy.ClientSecret{secret}, "any slice": []any{hidden{secret}},
		"map": map[string]policy.ClientSecret{"a": secret}, "map key": map[policy.ClientSecret]int{secret: 1},
		"error": fmt.Errorf("refused: %v", secret),
	}
	for name, value := range values {
		for verb := 'A'; verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-80", "080", ".60", " ", "+#", "[2]"} {
				check(t, name+" by %"+flags+string(verb), fmt.Sprintf("%"+flags+string(verb), value))
			}
		}
		check(t, name+" by Sprint", fmt.Sprint(value))
		if text, err := json.Marshal(value); err == nil {
			check(t, name+" in JSON", string(text))
		}
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("here", "secret", value, slog.Group("group", "secret", value))
		}
		check(t, name+" in the log", log.String())
	}
	equal(t, "String", secret.String(), "[redacted]")
	equal(t, "GoString", secret.GoString(), "[redacted]")
	equal(t, "LogValue", secret.LogValue().String(), "[redacted]")
	text, err := json.Marshal(exported{secret})
	equal(t, "error", err, nil)
	equal(t, "JSON", string(text), `{"Secret":"[redacted]"}`)
}

func check(t *testing.T, what, shown string) {
	t.Helper()
	inHex := hex.EncodeToString([]byte(countingSecret[4:]))
	plain := strings.NewReplacer(" ", "", "0x", "", "0X", "").Replace(shown)
	if strings.Contains(plain, countingSecret[4:12]) || strings.Contains(strings.ToLower(plain), inHex[:16]) {
		t.Errorf("%s shows %s", what, shown)
	}
}

func TestZeroClientSecret(t *testing.T) {
	var zero policy.ClientSecret
	equal(t, "Reveal", zero.Reveal(), "")
	equal(t, "WellFormed", zero.WellFormed(), false)
	equal(t, "Digest", zero.Digest(), policy.ClientSecretFromRequest("").Digest())
}

func TestDigest(t *testing.T) {
	digest := policy.NewClientSecret(counting()).Digest()
	text, err := json.Marshal(digest)
	equal(t, "error", err, nil)
	equal(t, "JSON", string(text), `"`+countingDigest+`"`)

	var back policy.Digest
	equal(t, "error", json.Unmarshal(text, &back), nil)
	equal(t, "round trip", back, digest)
	equal(t, "equal to itself", digest.Equal(back), true)
	for i := range digest {
		other := digest
		other[i] ^= 1
		equal(t, "equal to another", digest.Equal(other), false)
	}
	for _, bad := range []string{"", "00", countingDigest[:62], countingDigest + "00", countingDigest[:63], "zz" + countingDigest[2:]} {
		kept := digest
		if err := kept.UnmarshalText([]byte(bad)); err == nil || kept != digest {
			t.Errorf("%q was read as %x, %v", bad, kept, err)
		}
	}
}

func TestNewClientID(t *testing.T) {
	var random [16]byte
	equal(t, "zeros", policy.NewClientID(random, "mk_", ""), "mk_0000000000000000000000")
	for i := range random {
		random[i] = byte(i)
	}
	equal(t, "counting bytes", policy.NewClientID(random, "mk_", ""), "mk_000SYW7RiJxkEgOGusQGwp")
	equal(t, "prefix and suffix", policy.NewClientID([16]byte(bytes.Repeat([]byte{0xff}, 16)), "oauth2-", "@microfocus.com"),
		"oauth2-7n42DGM5Tflk9n8mt7Fhc7@microfocus.com")
}
