package store_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/store"
)

const newerMembership = `{"tenant_id":"load","user_id":"ada","role":"member","joined_at":"2026-11-01T00:00:00Z",
	"badge":{"b":[1,2.50]},"keys":[
{"client_id":"mk_1","scopes":["api"],"created_at":"2026-11-01T00:00:00Z","colour":"red","secrets":[
 {"digest":"0000000000000000000000000000000000000000000000000000000000000001","issued_at":"2026-11-02T00:00:00Z","seal":9007199254740993},
 {"digest":"0000000000000000000000000000000000000000000000000000000000000002","issued_at":"2026-11-01T00:00:00Z","seal":null}]},
{"client_id":"mk_2","scopes":["api"],"created_at":"2026-11-01T00:00:00Z","secrets":[]}]}`

// members reads a record for comparison; numbers stay as they are written.
func members(t testing.TB, kept []byte) map[string]any {
	t.Helper()
	text, err := store.UnpackRecord(kept)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return members
}

func TestRecordKeepsUnknownMembers(t *testing.T) {
	m, err := store.DecodeRecord[policy.Membership]([]byte(newerMembership))
	if err != nil {
		t.Fatal(err)
	}
	m.Role = policy.RoleTenantAdmin
	m.Keys = append([]policy.AccessKey{{ClientID: "mk_0", Scopes: []string{"api"}}}, m.Keys...)
	m.Keys[1].Secrets = m.Keys[1].Secrets[:1]
	text, err := store.EncodeRecord(m)
	if err != nil {
		t.Fatal(err)
	}
	got := members(t, text)
	key, _ := got["keys"].([]any)[1].(map[string]any)
	secrets, _ := key["secrets"].([]any)
	secret, _ := secrets[0].(map[string]any)
	want := map[string]any{
		"badge":  map[string]any{"b": []any{json.Number("1"), json.Number("2.50")}},
		"colour": "red",
		"seal":   json.Number("9007199254740993"),
	}
	kept := map[string]any{"badge": got["badge"], "colour": key["colour"], "seal": secret["seal"]}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("unknown members (-want +got):\n%s", diff)
	}
	if got["role"] != "tenant_admin" || key["client_id"] != "mk_1" || len(secrets) != 1 {
		t.Errorf("the change is lost: %s", text)
	}
}

// A record without unknown members is written as encoding/json writes it, if it is short.
func TestRecordWithoutUnknownMembers(t *testing.T) {
	at := time.Unix(0, 0).UTC()
	account := policy.Account{ID: "acme", Name: "A & B", CreatedAt: at, Expiration: policy.DefaultExpirationPolicy(at)}
	want, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.EncodeRecord(account)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := store.DecodeRecord[policy.Account]([]byte(`{"id":1}`)); err == nil {
		t.Error("a record that is none is read")
	}
}

// Whatever a later version has written, what this one does not know comes back as it was.
func FuzzRecordKeepsUnknownMembers(f *testing.F) {
	f.Add([]byte(newerMembership))
	f.Add([]byte(`{"role":"member","Role":"x","x":{"keys":[{"y":1}]},"":0,"keys":null}`))
	f.Add([]byte(`{"keys":[{"secrets":[{"z":"<&>"}]}],"unknown":true,"Unknown":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := store.DecodeRecord[policy.Membership](text)
		if err != nil {
			return
		}
		written, err := store.EncodeRecord(first)
		if err != nil {
			t.Fatalf("%s is read and can't be written: %v", text, err)
		}
		second, err := store.DecodeRecord[policy.Membership](written)
		if err != nil {
			t.Fatalf("%s is written as %s, which can't be read: %v", text, written, err)
		}
		again, err := store.EncodeRecord(second)
		if err != nil || !bytes.Equal(written, again) {
			t.Fatalf("%s is written as %s and then as %s, %v", text, written, again, err)
		}
		if len(bytes.TrimSpace(text)) == 0 || bytes.TrimSpace(text)[0] != '{' || first.Unknown == "" {
			return
		}
		before, after := members(t, text), members(t, written)
		for name := range members(t, []byte(first.Unknown)) {
			if diff := cmp.Diff(before[name], after[name]); diff != "" {
				t.Fatalf("%q of %s (-want +got):\n%s", name, text, diff)
			}
		}
	})
}
