package openid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"mintkey/policy"
	"mintkey/server/console/openid"
)

// forger is a fake provider, because a real one would not give such answers.
type forger struct {
	*testing.T
	*httptest.Server
	key      *ecdsa.PrivateKey
	signer   any // by default the key
	method   jwt.SigningMethod
	claims   jwt.MapClaims
	userInfo jwt.MapClaims
	metadata map[string]any
	posted   url.Values // to the token endpoint
	basic    string     // and the client ID in its Authorization
}

func newForger(t *testing.T) *forger {
	t.Helper()
	f := &forger{T: t, key: newKey(t), method: jwt.SigningMethodES256}
	f.signer = f.key
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { f.write(w, f.metadata) })
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		point, err := f.key.PublicKey.Bytes()
		if err != nil {
			t.Error(err)
			return
		}
		f.write(w, map[string]any{"keys": []any{map[string]string{
			"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
		}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		f.posted = r.PostForm
		f.basic, _, _ = r.BasicAuth()
		signed, err := jwt.NewWithClaims(f.method, f.claims).SignedString(f.signer)
		if err != nil {
			t.Error(err)
		}
		f.write(w, map[string]string{"access_token": "x", "token_type": "Bearer", "id_token": signed})
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) { f.write(w, f.userInfo) })
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	f.metadata = map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/auth", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys",
		"userinfo_endpoint": f.URL + "/me", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
	}
	f.claims = jwt.MapClaims{
		"iss": f.URL, "aud": "mintkey", "sub": "ada", "email": "ada@acme.example", "email_verified": true,
		"exp": now.Add(time.Minute).Unix(), "iat": now.Unix(),
	}
	return f
}

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (f *forger) write(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		f.Error(err)
	}
}

// signIn does a complete sign-in; a nonce already in the claims is kept.
func (f *forger) signIn(answer url.Values) (openid.Person, error) {
	f.Helper()
	p := openid.New(openid.Options{
		Issuer: f.URL, ClientID: "mintkey", ClientSecret: policy.ClientSecretFromRequest("x"), RedirectURL: "http://127.0.0.1/cb",
	})
	attempt, _, err := p.Begin(f.Context())
	if err != nil {
		return openid.Person{}, err
	}
	if _, ok := f.claims["nonce"]; !ok {
		f.claims["nonce"] = attempt.Nonce
	}
	return p.Finish(f.Context(), attempt, answer, now)
}

func TestHonestProvider(t *testing.T) {
	f := newForger(t)
	person, err := f.signIn(url.Values{"code": {"c"}})
	if want := (openid.Person{Issuer: f.URL, Subject: "ada", Email: "ada@acme.example"}); err != nil || person != want {
		t.Errorf("got %+v, %v, want %+v", person, err, want)
	}
	if f.basic != "mintkey" || f.posted.Has("client_secret") || f.posted.Get("code_verifier") == "" {
		t.Errorf("the code was exchanged by %q with %v", f.basic, f.posted)
	}

	posting := newForger(t)
	posting.metadata["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	posting.claims["aud"], posting.claims["azp"] = []string{"mintkey", "other"}, "mintkey"
	posting.claims["email_verified"] = "true"
	if _, err := posting.signIn(url.Values{"code": {"c"}, "iss": {posting.URL}}); err != nil {
		t.Error(err)
	}
	if posting.basic != "" || posting.posted.Get("client_secret") != "x" {
		t.Errorf("the code was exchanged by %q with %v", posting.basic, posting.posted)
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	set := func(name string, value any) func(*forger) { return func(f *forger) { f.claims[name] = value } }
	for name, row := range map[string]struct {
		forge func(*forger)
		want  error
	}{
		"another issuer":   {set("iss", "https://evil.example"), openid.ErrUntrusted},
		"another audience": {set("aud", "other"), openid.ErrUntrusted},
		"for somebody else": {func(f *forger) {
			f.claims["aud"], f.claims["azp"] = []string{"mintkey", "other"}, "other"
		}, openid.ErrUntrusted},
		"for nobody":          {set("aud", []string{"mintkey", "other"}), openid.ErrUntrusted},
		"expired":             {set("exp", now.Add(-time.Second).Unix()), openid.ErrUntrusted},
		"another nonce":       {set("nonce", "planted"), openid.ErrUntrusted},
		"an empty nonce":      {set("nonce", ""), openid.ErrUntrusted},
		"no subject":          {set("sub", ""), openid.ErrUntrusted},
		"another signing key": {func(f *forger) { f.signer = newKey(f.T) }, openid.ErrUntrusted},
		"no signature": {func(f *forger) {
			f.method, f.signer = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
		}, openid.ErrUntrusted},
		"signed by a secret":  {func(f *forger) { f.method, f.signer = jwt.SigningMethodHS256, []byte("x") }, openid.ErrUntrusted},
		"unverified":          {set("email_verified", false), openid.ErrUnverifiedEmail},
		"verified, it says":   {set("email_verified", "yes"), openid.ErrUnverifiedEmail},
		"verified, in a list": {set("email_verified", []bool{true}), openid.ErrUnverifiedEmail},
		"UserInfo about another": {func(f *forger) {
			delete(f.claims, "email")
			f.userInfo = jwt.MapClaims{"sub": "grace", "email": "grace@acme.example", "email_verified": true}
		}, openid.ErrUntrusted},
		"UserInfo without an address": {func(f *forger) {
			delete(f.claims, "email")
			f.userInfo = jwt.MapClaims{"sub": "ada"}
		}, openid.ErrUnverifiedEmail},
		"discovery of another issuer": {func(f *forger) { f.metadata["issuer"] = "https://evil.example" }, openid.ErrUnavailable},
	} {
		f := newForger(t)
		row.forge(f)
		if person, err := f.signIn(url.Values{"code": {"c"}}); !errors.Is(err, row.want) {
			t.Errorf("%s: got %+v, %v, want %v", name, person, err, row.want)
		}
	}
}

// The answer may come from another provider that the client knows (RFC 9207).
func TestWhoseAnswerItIs(t *testing.T) {
	for name, row := range map[string]struct {
		promised bool
		issuer   []string
		want     error
	}{
		"not promised, not there": {false, nil, nil},
		"promised, not there":     {true, nil, openid.ErrUntrusted},
		"another":                 {false, []string{"https://evil.example"}, openid.ErrUntrusted},
	} {
		f := newForger(t)
		f.metadata["authorization_response_iss_parameter_supported"] = row.promised
		if _, err := f.signIn(url.Values{"code": {"c"}, "iss": row.issuer}); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		if row.want != nil && f.posted != nil {
			t.Errorf("%s: the code was given away", name)
		}
	}
}
