package tokens_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"mintkey/tokens"
)

// workshop is where tokens are forged: a ring whose private keys are known.
type workshop struct {
	ring    *tokens.KeyRing
	kid     map[tokens.Algorithm]string
	pem     map[tokens.Algorithm]string
	private map[tokens.Algorithm]crypto.Signer
}

func newWorkshop(t testing.TB) workshop {
	t.Helper()
	docs := newDocuments()
	shop := workshop{
		ring:    openRing(t, docs, tokens.Options{Algorithms: everyAlgorithm()}, start),
		kid:     make(map[tokens.Algorithm]string),
		pem:     make(map[tokens.Algorithm]string),
		private: make(map[tokens.Algorithm]crypto.Signer),
	}
	private := privateKeys(t, docs)
	for _, info := range shop.ring.SigningKeys(start) {
		shop.kid[info.Algorithm], shop.pem[info.Algorithm] = info.KID, info.PublicPEM
		shop.private[info.Algorithm] = private[info.KID]
	}
	return shop
}

type object = map[string]any

func (w workshop) header(algorithm tokens.Algorithm, changes object) object {
	header := object{"alg": algorithm, "kid": w.kid[algorithm], "typ": "at+jwt"}
	maps.Copy(header, changes)
	maps.DeleteFunc(header, func(_ string, value any) bool { return value == nil })
	return header
}

func goodClaims(changes object) object {
	claims := object{
		"iss": "https://mintkey.example", "aud": "api",
		"exp": start.Add(lifetime).Unix(), "iat": start.Unix(), "nbf": start.Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// assemble makes a token of parts that need not fit.
func assemble(t testing.TB, header, claims object, signature func(input []byte) []byte) string {
	t.Helper()
	head, err := json.Marshal(header)
	mustDo(t, err)
	body, err := json.Marshal(claims)
	mustDo(t, err)
	input := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	return input + "." + base64.RawURLEncoding.EncodeToString(signature([]byte(input)))
}

func byECDSA(t testing.TB, private crypto.Signer) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, private.(*ecdsa.PrivateKey), sum[:])
		mustDo(t, err)
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

func byECDSAInDER(t testing.TB, private crypto.Signer) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := ecdsa.SignASN1(rand.Reader, private.(*ecdsa.PrivateKey), sum[:])
		mustDo(t, err)
		return signature
	}
}

func byRSA(t testing.TB, private crypto.Signer) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(rand.Reader, private.(*rsa.PrivateKey), crypto.SHA256, sum[:])
		mustDo(t, err)
		return signature
	}
}

func byHMAC(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func bytesOf(signature ...byte) func([]byte) []byte { return func([]byte) []byte { return signature } }

func TestForgedSignaturesAreRefused(t *testing.T) {
	shop := newWorkshop(t)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mustDo(t, err)
	ours, theirs := byECDSA(t, shop.private[tokens.ES256]), byECDSA(t, stranger)
	good := goodClaims(nil)
	es256 := func(changes object) object { return shop.header(tokens.ES256, changes) }
	mustVerify(t, shop.ring, assemble(t, es256(nil), good, ours), start) // the workshop can make a good one

	block, _ := pem.Decode([]byte(shop.pem[tokens.ES256]))
	public := base64.RawURLEncoding.EncodeToString(stranger.X.FillBytes(make([]byte, 32)))
	forged := map[string]string{
		"empty signature":    assemble(t, es256(nil), good, bytesOf()),
		"signature of zeros": assemble(t, es256(nil), good, bytesOf(make([]byte, 64)...)),
		"signature in DER":   assemble(t, es256(nil), good, byECDSAInDER(t, shop.private[tokens.ES256])),
		"HS256 with the PEM": assemble(t, es256(object{"alg": "HS256"}), good, byHMAC([]byte(shop.pem[tokens.ES256]))),
		"HS256 with the DER": assemble(t, es256(object{"alg": "HS256"}), good, byHMAC(block.Bytes)),
		"a stranger's key":   assemble(t, es256(nil), good, theirs),
		"embedded jwk": assemble(t,
			es256(object{"jwk": object{"kty": "EC", "crv": "P-256", "x": public, "y": public}}), good, theirs),
		"jku":                      assemble(t, es256(object{"jku": "https://evil.example/jwks.json"}), good, theirs),
		"x5u":                      assemble(t, es256(object{"x5u": "https://evil.example/x.pem"}), good, theirs),
		"crit, signed by us":       assemble(t, es256(object{"crit": []string{"exp"}, "exp": 1}), good, ours),
		"b64 false, signed by us":  assemble(t, es256(object{"b64": false}), good, ours),
		"kid with a path":          assemble(t, es256(object{"kid": "../../../../dev/null"}), good, byHMAC(nil)),
		"kid unknown":              assemble(t, es256(object{"kid": "unknown"}), good, ours),
		"kid a number":             assemble(t, es256(object{"kid": 1}), good, ours),
		"no kid":                   assemble(t, es256(object{"kid": nil}), good, ours),
		"no alg":                   assemble(t, es256(object{"alg": nil}), good, ours),
		"no typ":                   assemble(t, es256(object{"typ": nil}), good, ours),
		"typ JWT":                  assemble(t, es256(object{"typ": "JWT"}), good, ours),
		"typ an array":             assemble(t, es256(object{"typ": []string{"at+jwt"}}), good, ours),
		"RS256 for an ES256 kid":   assemble(t, es256(object{"alg": "RS256"}), good, byRSA(t, shop.private[tokens.RS256])),
		"ES256 for an RS256 kid":   assemble(t, shop.header(tokens.RS256, object{"alg": "ES256"}), good, ours),
		"EdDSA's kid, ES256's key": assemble(t, es256(object{"kid": shop.kid[tokens.EdDSA]}), good, ours),
		"PS256 with the RSA key":   assemble(t, shop.header(tokens.RS256, object{"alg": "PS256"}), good, byRSA(t, shop.private[tokens.RS256])),
		"EdDSA signature for an ES256": assemble(t, es256(nil), good, func(input []byte) []byte {
			return ed25519.Sign(shop.private[tokens.EdDSA].(ed25519.PrivateKey), input)
		}),
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "", " none"} {
		forged["alg "+none] = assemble(t, es256(object{"alg": none}), good, bytesOf())
		forged["alg "+none+" without kid"] = assemble(t, object{"alg": none, "typ": "at+jwt"}, good, bytesOf())
	}
	for name, token := range forged {
		refused(t, shop.ring, name, token)
	}
}

func refused(t *testing.T, ring *tokens.KeyRing, name, token string) {
	t.Helper()
	claims, err := ring.Verify(token, tokens.TypeAccessToken, start)
	if !errors.Is(err, tokens.ErrInvalidToken) {
		t.Errorf("%s: Verify = %v, want ErrInvalidToken", name, err)
	}
	if claims.Issuer != "" || !claims.ExpiresAt.IsZero() {
		t.Errorf("%s: refused, and yet it has claims: %+v", name, claims)
	}
}

func TestClaimsThatAreRefused(t *testing.T) {
	shop := newWorkshop(t)
	ours := byECDSA(t, shop.private[tokens.ES256])
	for name, changes := range map[string]object{
		"exp missing":          {"exp": nil},
		"exp zero":             {"exp": 0},
		"exp negative":         {"exp": -1},
		"exp a float":          {"exp": json.RawMessage("1772358300.5")},
		"exp with an exponent": {"exp": json.RawMessage("1.8e9")},
		"exp past 9999":        {"exp": 253402300800},
		"exp of 64 bits":       {"exp": json.RawMessage("9223372036854775807")},
		"exp huge":             {"exp": json.RawMessage("1e400")},
		"exp a string":         {"exp": "1772358300"},
		"exp null":             {"exp": json.RawMessage("null")},
		"nbf in the future":    {"nbf": start.Add(time.Minute).Unix()},
		"nbf a string":         {"nbf": "1"},
		"iat missing":          {"iat": nil},
		"iat in the future":    {"iat": start.Add(time.Minute).Unix()},
		"aud missing":          {"aud": nil},
		"aud empty":            {"aud": []string{}},
		"aud null":             {"aud": json.RawMessage("null")},
		"aud nested":           {"aud": [][]string{{"api"}}},
		"iss a number":         {"iss": 1},
		"status a string":      {"status": "valid"},
	} {
		token := assemble(t, shop.header(tokens.ES256, nil), goodClaims(changes), ours)
		refused(t, shop.ring, name, token)
		if _, err := shop.ring.Verify(token, tokens.TypeAccessToken, start); errors.Is(err, tokens.ErrTokenExpired) {
			t.Errorf("%s: Verify = %v, but it never was good", name, err)
		}
	}
}

func TestMisspelledTokensAreRefused(t *testing.T) {
	shop := newWorkshop(t)
	token := sign(t, shop.ring, tokens.ES256, start)
	parts := strings.Split(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	mustDo(t, err)
	r, s := halves(t, parts[2])
	for name, misspelled := range map[string]string{
		"empty":                    "",
		"dots":                     "..",
		"one part":                 parts[0],
		"two parts":                parts[0] + "." + parts[1],
		"four parts":               token + ".",
		"five parts, as in JWE":    token + ".a.b",
		"padded signature":         token + "==",
		"padded header":            parts[0] + "=." + parts[1] + "." + parts[2],
		"trailing space":           token + " ",
		"trailing newline":         token + "\n",
		"newline in signature":     token[:len(token)-4] + "\r\n" + token[len(token)-4:],
		"newline in header":        "\n" + token,
		"trailing zero byte":       token + "\x00",
		"unused bits set":          token[:len(token)-1] + otherSpelling(t, token),
		"standard alphabet":        token[:len(token)-86] + base64.RawStdEncoding.EncodeToString(append([]byte{0xfb, 0xff}, make([]byte, 62)...)),
		"more after the header":    base64.RawURLEncoding.EncodeToString(append(header, " {}"...)) + "." + parts[1] + "." + parts[2],
		"header null":              base64.RawURLEncoding.EncodeToString([]byte("null")) + "." + parts[1] + "." + parts[2],
		"header an array":          base64.RawURLEncoding.EncodeToString([]byte("[]")) + "." + parts[1] + "." + parts[2],
		"scheme in front":          "Bearer " + token,
		"signature halves swapped": parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append(s, r...)),
		"signature one byte more":  parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append(append([]byte{0}, r...), s...)),
		"s beyond the order":       parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(append(r, beyond(s)...)),
	} {
		refused(t, shop.ring, name, misspelled)
	}
}

func halves(t *testing.T, signature string) (r, s []byte) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	mustDo(t, err)
	return raw[:32:32], raw[32:]
}

// otherSpelling is another last character that a lenient decoder takes for the same signature: 64 bytes leave four bits unused.
func otherSpelling(t *testing.T, token string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	at := strings.IndexByte(alphabet, token[len(token)-1])
	if at%16 != 0 {
		t.Fatalf("the last character %q uses bits that it should not", token[len(token)-1])
	}
	return alphabet[at+1 : at+2]
}

// beyond is the same number modulo the order of the curve, or the greatest of 256 bits where it does not fit.
func beyond(s []byte) []byte {
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), elliptic.P256().Params().N)
	if sum.BitLen() > 256 {
		sum = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	}
	return sum.FillBytes(make([]byte, 32))
}

func TestVeryLongTokensCostNoMemory(t *testing.T) {
	shop := newWorkshop(t)
	for name, long := range map[string]string{
		"dots":    strings.Repeat(".", 64<<20),
		"letters": strings.Repeat("e", 32<<20) + "." + strings.Repeat("e", 32<<20) + ".e",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		refused(t, shop.ring, name, long)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated, want next to nothing", name, used)
		}
	}
}

// FuzzVerify changes a good token at one place, and gives Verify text of any other kind. Nothing but the token itself is accepted.
func FuzzVerify(f *testing.F) {
	shop := newWorkshop(f)
	var good []string
	for _, algorithm := range everyAlgorithm() {
		token := sign(f, shop.ring, algorithm, start)
		good = append(good, token)
		f.Add(uint16(0), byte('e'), "")
		f.Add(uint16(len(token)-1), byte('A'), "")
		f.Add(uint16(0), byte(0), token)
		f.Add(uint16(0), byte(0), token+"=")
	}
	f.Add(uint16(0), byte(0), "eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, at uint16, with byte, text string) {
		tries := []string{text}
		for _, token := range good {
			i := int(at) % len(token)
			tries = append(tries,
				token[:i]+string(rune(with))+token[i+1:], token[:i]+string(rune(with))+token[i:], token[:i]+token[i+1:], token[:i]+text+token[i:])
		}
	tries:
		for _, try := range tries {
			for _, token := range good {
				if try == token {
					continue tries
				}
			}
			if _, err := shop.ring.Verify(try, tokens.TypeAccessToken, start); err == nil {
				t.Errorf("accepted %q", try)
			}
		}
	})
}

// Tokens of this server have no nbf, which a gateway with a slow clock would hold against a fresh one.
func TestNotBeforeIsOptional(t *testing.T) {
	shop := newWorkshop(t)
	token := assemble(t, shop.header(tokens.ES256, nil), goodClaims(object{"nbf": nil}), byECDSA(t, shop.private[tokens.ES256]))
	mustVerify(t, shop.ring, token, start)
}
