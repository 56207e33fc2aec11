package tokens_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/tokens"
)

func TestClaimsOnTheWire(t *testing.T) {
	got, err := json.Marshal(claimsAt(start.Add(900 * time.Millisecond)))
	mustDo(t, err)
	want := `{"iss":"https://mintkey.example","sub":"mk_0000000000000000000001","client_id":"mk_0000000000000000000001",` +
		`"aud":"api","exp":1772358300,"iat":1772357400,"nbf":1772357400,"jti":"0198c0de-0000-7000-8000-000000000001",` +
		`"scope":"api keys:read","tenant_id":"acme-test","account_id":"acme","user_id":"ada",` +
		`"status":{"status_list":{"idx":0,"uri":"https://mintkey.example/oauth2/status-lists/0"}}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	var back tokens.Claims
	mustDo(t, json.Unmarshal(got, &back))
	if diff := cmp.Diff(claimsAt(start), back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestEmptyClaimsAreLeftOut(t *testing.T) {
	got, err := json.Marshal(tokens.Claims{Issuer: "i"})
	mustDo(t, err)
	if want := `{"iss":"i"}`; string(got) != want {
		t.Errorf("claims = %s, want %s", got, want)
	}
}

func TestSeveralAudiencesAreAnArray(t *testing.T) {
	got, err := json.Marshal(tokens.Claims{Audience: tokens.Audience{"api", "reports"}})
	mustDo(t, err)
	if want := `{"aud":["api","reports"]}`; string(got) != want {
		t.Errorf("claims = %s, want %s", got, want)
	}
}

func TestReadAudience(t *testing.T) {
	for text, want := range map[string]tokens.Audience{
		`"api"`:           {"api"},
		`["api"]`:         {"api"},
		`["api","other"]`: {"api", "other"},
		`""`:              nil,
		`[]`:              nil,
		`[""]`:            nil,
		`["api",""]`:      nil,
		`["api",null]`:    nil,
		`["api",1]`:       nil,
		`[["api"]]`:       nil,
		`{"api":"api"}`:   nil,
		`null`:            nil,
		`1`:               nil,
		`true`:            nil,
	} {
		var claims tokens.Claims
		err := json.Unmarshal([]byte(`{"aud":`+text+`}`), &claims)
		if refused := want == nil; refused != (err != nil) {
			t.Errorf("aud %s: error %v, want refused %t", text, err, refused)
		}
		if diff := cmp.Diff(want, claims.Audience); diff != "" {
			t.Errorf("aud %s (-want +got):\n%s", text, diff)
		}
	}
}

func TestParseAlgorithm(t *testing.T) {
	for _, want := range everyAlgorithm() {
		if got, err := tokens.ParseAlgorithm(string(want)); got != want || err != nil {
			t.Errorf("ParseAlgorithm(%q) = %q, %v", want, got, err)
		}
	}
	for _, name := range []string{"", "none", "es256", "HS256", "ES384", "PS256"} {
		_, err := tokens.ParseAlgorithm(name)
		if err == nil || !strings.Contains(err.Error(), "ES256, RS256, EdDSA or Ed25519") {
			t.Errorf("ParseAlgorithm(%q): error %v, want one that says what is allowed", name, err)
		}
	}
}
