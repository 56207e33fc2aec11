package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/verify"
)

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

func (k *issuerKey) header(changes object) object {
	header := object{"alg": k.method.Alg(), "kid": k.kid, "typ": "at+jwt"}
	maps.Copy(header, changes)
	maps.DeleteFunc(header, func(_ string, value any) bool { return value == nil })
	return header
}

func (k *issuerKey) signature(t testing.TB) func([]byte) []byte {
	return func(input []byte) []byte {
		signature, err := k.method.Sign(string(input), k.private)
		mustDo(t, err)
		return signature
	}
}

func derSignature(t testing.TB, private crypto.Signer) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := private.Sign(rand.Reader, sum[:], crypto.SHA256)
		mustDo(t, err)
		return signature
	}
}

func hmacSignature(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func fixedSignature(signature ...byte) func([]byte) []byte {
	return func([]byte) []byte { return signature }
}

func TestForgedTokensAreRefused(t *testing.T) {
	i := newIssuer(t)
	es, rs, ed := i.keys[0], i.addKey("rs1", jwt.SigningMethodRS256), i.addKey("ed1", jwt.SigningMethodEdDSA)
	v := newVerifier(t, i)
	good, ours := i.claims(nil), es.signature(t)
	mustVerify(t, v, assemble(t, es.header(nil), good, ours)) // the workshop can make a good one

	strangers, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	mustDo(t, err)
	theirs := (&issuerKey{"es1", jwt.SigningMethodES256, strangers}).signature(t)
	point, err := strangers.PublicKey.Bytes()
	mustDo(t, err)
	jwk := object{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "es1",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}
	der, err := x509.MarshalPKIXPublicKey(es.private.Public())
	mustDo(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	rsaDER := x509.MarshalPKCS1PublicKey(rs.private.Public().(*rsa.PublicKey))

	forged := map[string]string{
		"empty signature":            assemble(t, es.header(nil), good, fixedSignature()),
		"signature of zeros":         assemble(t, es.header(nil), good, fixedSignature(make([]byte, 64)...)),
		"signature in DER":           assemble(t, es.header(nil), good, derSignature(t, es.private)),
		"HS256 with the PEM":         assemble(t, es.header(object{"alg": "HS256"}), good, hmacSignature(publicPEM)),
		"HS256 with the DER":         assemble(t, es.header(object{"alg": "HS256"}), good, hmacSignature(der)),
		"HS256 with the RSA key":     assemble(t, rs.header(object{"alg": "HS256"}), good, hmacSignature(rsaDER)),
		"a stranger's key":           assemble(t, es.header(nil), good, theirs),
		"embedded jwk":               assemble(t, es.header(object{"jwk": jwk}), good, theirs),
		"embedded jwk and no kid":    assemble(t, es.header(object{"jwk": jwk, "kid": nil}), good, theirs),
		"jku":                        assemble(t, es.header(object{"jku": "https://evil.example/jwks.json"}), good, theirs),
		"x5u":                        assemble(t, es.header(object{"x5u": "https://evil.example/x.pem"}), good, theirs),
		"crit, signed by us":         assemble(t, es.header(object{"crit": []string{"exp"}, "exp": 1}), good, ours),
		"b64 false, signed by us":    assemble(t, es.header(object{"b64": false}), good, ours),
		"kid with a path":            assemble(t, es.header(object{"kid": "../../../../dev/null"}), good, hmacSignature(nil)),
		"kid unknown":                assemble(t, es.header(object{"kid": "unknown"}), good, ours),
		"kid a number":               assemble(t, es.header(object{"kid": 1}), good, ours),
		"kid empty":                  assemble(t, es.header(object{"kid": ""}), good, ours),
		"no kid":                     assemble(t, es.header(object{"kid": nil}), good, ours),
		"no alg":                     assemble(t, es.header(object{"alg": nil}), good, ours),
		"no typ":                     assemble(t, es.header(object{"typ": nil}), good, ours),
		"typ JWT":                    assemble(t, es.header(object{"typ": "JWT"}), good, ours),
		"typ an array":               assemble(t, es.header(object{"typ": []string{"at+jwt"}}), good, ours),
		"RS256 for an ES256 kid":     assemble(t, es.header(object{"alg": "RS256"}), good, rs.signature(t)),
		"ES256 for an RS256 kid":     assemble(t, rs.header(object{"alg": "ES256"}), good, ours),
		"an EdDSA kid, an ES256 key": assemble(t, ed.header(object{"alg": "ES256"}), good, ours),
		"PS256 with the RSA key": assemble(t, rs.header(object{"alg": "PS256"}), good,
			(&issuerKey{"", jwt.SigningMethodPS256, rs.private}).signature(t)),
		"RS512 with the RSA key": assemble(t, rs.header(object{"alg": "RS512"}), good,
			(&issuerKey{"", jwt.SigningMethodRS512, rs.private}).signature(t)),
		"EdDSA signature for ES256": assemble(t, es.header(nil), good, func(input []byte) []byte {
			return ed25519.Sign(ed.private.(ed25519.PrivateKey), input)
		}),
		"claims swapped after signed": assemble(t, es.header(nil), i.claims(object{"scope": "admin"}),
			fixedSignature(signatureOf(t, i.mint(nil))...)),
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "", " none"} {
		forged["alg "+none] = assemble(t, es.header(object{"alg": none}), good, fixedSignature())
		forged["alg "+none+" without kid"] = assemble(t, object{"alg": none, "typ": "at+jwt"}, good, fixedSignature())
	}
	for name, token := range forged {
		refused(t, v, name, token)
	}
}

func signatureOf(t testing.TB, token string) []byte {
	t.Helper()
	signature, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
	mustDo(t, err)
	return signature
}

func refused(t testing.TB, v *verify.Verifier, name, token string) {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	if !errors.Is(err, verify.ErrInvalidToken) || errors.Is(err, verify.ErrUnavailable) {
		t.Errorf("%s: Verify = %v, want ErrInvalidToken", name, err)
	}
	if claims.Issuer != "" || claims.Scope != "" {
		t.Errorf("%s: refused, and yet it has claims: %+v", name, claims)
	}
}

func TestClaimsThatAreRefused(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	later := time.Now().Add(time.Minute).Unix()
	list := func(entry object) object { return object{"status": object{"status_list": entry}} }
	for name, changes := range map[string]object{
		"iss missing":           {"iss": nil},
		"another issuer":        {"iss": "https://evil.example"},
		"iss with a slash":      {"iss": i.url + "/"},
		"iss a number":          {"iss": 1},
		"aud missing":           {"aud": nil},
		"another audience":      {"aud": "https://other.example"},
		"aud a prefix":          {"aud": audience + "/v2"},
		"aud empty":             {"aud": []string{}},
		"aud null":              {"aud": json.RawMessage("null")},
		"aud nested":            {"aud": [][]string{{audience}}},
		"aud an object":         {"aud": object{audience: audience}},
		"exp missing":           {"exp": nil},
		"exp null":              {"exp": json.RawMessage("null")},
		"exp past":              {"exp": time.Now().Add(-time.Second).Unix()},
		"exp an array":          {"exp": []int64{later}},
		"exp huge":              {"exp": json.RawMessage("1e400")},
		"exp negative":          {"exp": -1},
		"nbf in the future":     {"nbf": later},
		"nbf a word":            {"nbf": "now"},
		"iat missing":           {"iat": nil},
		"iat in the future":     {"iat": later},
		"jti missing":           {"jti": nil},
		"sub missing":           {"sub": nil},
		"client_id missing":     {"client_id": nil},
		"scope an array":        {"scope": []string{"orders:read"}},
		"status a string":       {"status": "valid"},
		"status without idx":    list(object{"uri": i.url + listPath}),
		"status without uri":    list(object{"idx": 1}),
		"status idx negative":   list(object{"idx": -1, "uri": i.url + listPath}),
		"status idx beyond":     list(object{"idx": 1024, "uri": i.url + listPath}),
		"status idx far beyond": list(object{"idx": uint64(1<<64 - 1), "uri": i.url + listPath}),
		"status of a stranger":  list(object{"idx": 1, "uri": "http://evil.example/list"}),
		"status of a near name": list(object{"idx": 1, "uri": i.url + ".evil.example/list"}),
	} {
		refused(t, v, name, i.mint(changes))
	}
}

func TestMisspelledTokensAreRefused(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	token := i.mint(nil)
	parts := strings.Split(token, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1]) // 64 bytes leave four bits of it unused
	for name, misspelled := range map[string]string{
		"empty":                 "",
		"dots":                  "..",
		"one part":              parts[0],
		"two parts":             parts[0] + "." + parts[1],
		"four parts":            token + ".",
		"five parts, as in JWE": token + ".a.b",
		"padded signature":      token + "==",
		"padded header":         parts[0] + "=." + parts[1] + "." + parts[2],
		"trailing space":        token + " ",
		"trailing newline":      token + "\n",
		"newline in signature":  token[:len(token)-4] + "\r\n" + token[len(token)-4:],
		"newline in header":     "\n" + token,
		"trailing zero byte":    token + "\x00",
		"unused bits set":       token[:len(token)-1] + alphabet[last+1:last+2],
		"header null":           encode("null") + "." + parts[1] + "." + parts[2],
		"header an array":       encode("[]") + "." + parts[1] + "." + parts[2],
		"scheme in front":       "Bearer " + token,
	} {
		refused(t, v, name, misspelled)
	}
	mustVerify(t, v, token)
}

func TestVeryLongTokensCostNoMemory(t *testing.T) {
	i := newIssuer(t)
	v := newVerifier(t, i)
	mustVerify(t, v, i.mint(nil))
	for name, long := range map[string]string{
		"dots":    strings.Repeat(".", 64<<20),
		"letters": strings.Repeat("e", 32<<20) + "." + strings.Repeat("e", 32<<20) + ".e",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		refused(t, v, name, long)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes allocated, want next to nothing", name, used)
		}
	}
}

// FuzzVerify changes a good token at one place, and gives Verify text of any other kind. Nothing but the token itself is accepted.
func FuzzVerify(f *testing.F) {
	i := newIssuer(f)
	i.addKey("rs1", jwt.SigningMethodRS256)
	i.addKey("ed1", jwt.SigningMethodEdDSA)
	v := newVerifier(f, i)
	good := make(map[string]bool)
	for _, key := range i.keys {
		token := key.sign(f, "at+jwt", i.claims(object{"exp": time.Now().Add(time.Hour * 24).Unix()}))
		mustVerify(f, v, token)
		good[token] = true
		f.Add(uint16(0), byte('e'), "")
		f.Add(uint16(len(token)-1), byte('A'), "")
		f.Add(uint16(0), byte(0), token)
		f.Add(uint16(0), byte(0), token+"=")
	}
	f.Add(uint16(0), byte(0), "eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, at uint16, with byte, text string) {
		tries := []string{text}
		for token := range good {
			n := int(at) % len(token)
			tries = append(tries,
				token[:n]+string(rune(with))+token[n+1:], token[:n]+string(rune(with))+token[n:],
				token[:n]+token[n+1:], token[:n]+text+token[n:])
		}
		for _, try := range tries {
			if _, err := v.Verify(t.Context(), try); err == nil && !good[try] {
				t.Errorf("accepted %q", try)
			}
		}
	})
}
