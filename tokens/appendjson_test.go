package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"mintkey/tokens"
)

func FuzzJSONStrings(f *testing.F) {
	for _, text := range []string{"", "plain", `"`, `\`, "a\x00b", "\n", "<script>&", "ünïcode", "\xff\xfe", "\u2028", "\U0001F511", "\x7f"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		mustDo(t, err)
		if got := tokens.AppendJSONString([]byte("before"), text); string(got) != "before"+string(want) {
			t.Errorf("AppendJSONString(%q) = %s, want %s", text, got, want)
		}
	})
}

// Claims are written by hand when they are signed, and must be as encoding/json would write them.
func FuzzSignedClaims(f *testing.F) {
	ring := openRing(f, newDocuments(), tokens.Options{}, start)
	f.Add("https://mintkey.example", "api", "other", "pwd", "api keys:read", int64(1772357400), int64(1772358300), int64(0), 7)
	f.Add("", "", "", "", "", int64(0), int64(0), int64(0), -1)
	f.Add(`"<&>`, "\xff", "\u2028", "\\", "\x00", int64(-5), int64(1), int64(253402300799), 0)
	f.Fuzz(func(t *testing.T, issuer, audience, second, method, scope string, iat, exp, nbf int64, index int) {
		claims := tokens.Claims{
			Issuer: issuer, Subject: scope, ClientID: issuer, ID: second, Scope: scope, TenantID: audience, AccountID: method, UserID: second,
			IssuedAt: secondsAt(iat), ExpiresAt: secondsAt(exp), NotBefore: secondsAt(nbf),
		}
		if audience != "" {
			claims.Audience = tokens.Audience{audience}
		}
		if second != "" {
			claims.Audience = append(claims.Audience, second)
		}
		if method != "" {
			claims.Methods = []string{method, scope}
		}
		if index >= 0 {
			claims.Status = &tokens.Status{StatusList: tokens.StatusReference{Index: index, URI: issuer}}
		}
		want, err := json.Marshal(claims)
		mustDo(t, err)
		token, err := ring.Sign(start, tokens.ES256, tokens.TypeAccessToken, &claims)
		mustDo(t, err)
		got, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		mustDo(t, err)
		if string(got) != string(want) {
			t.Errorf("signed %s, want %s", got, want)
		}
	})
}

func secondsAt(seconds int64) tokens.NumericDate {
	if seconds == 0 {
		return tokens.NumericDate{}
	}
	return tokens.At(time.Unix(seconds, 0))
}

// The header is the same text for every access token of a signing key, in the order that golang-jwt writes.
func TestHeaderOnTheWire(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	kid := ring.SigningKeys(start)[0].KID
	for _, typ := range []string{tokens.TypeAccessToken, tokens.TypeStatusList} {
		token, err := ring.Sign(start, tokens.ES256, typ, tokens.Claims{Issuer: "i"})
		mustDo(t, err)
		got, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		mustDo(t, err)
		if want := `{"alg":"ES256","kid":"` + kid + `","typ":"` + typ + `"}`; string(got) != want {
			t.Errorf("header = %s, want %s", got, want)
		}
	}
}

// ES256 signatures are deterministic (RFC 6979), always of 64 bytes, and good for any verifier.
func TestSignaturesAreDeterministic(t *testing.T) {
	ring := openRing(t, newDocuments(), tokens.Options{}, start)
	for i := range 300 { // one number in 256 begins with a zero byte
		claims := claimsAt(start.Add(time.Duration(i) * time.Second))
		first, err := ring.Sign(start, tokens.ES256, tokens.TypeAccessToken, &claims)
		mustDo(t, err)
		again, err := ring.Sign(start, tokens.ES256, tokens.TypeAccessToken, claims)
		mustDo(t, err)
		if first != again {
			t.Fatalf("one token signed twice: %s and %s", first, again)
		}
		signature, err := base64.RawURLEncoding.DecodeString(strings.Split(first, ".")[2])
		mustDo(t, err)
		if len(signature) != 64 {
			t.Fatalf("a signature of %d bytes", len(signature))
		}
		if _, err := ring.Verify(first, tokens.TypeAccessToken, start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}
