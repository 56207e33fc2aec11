package store_test

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
	"mintkey/store"
)

// packedByDictionary1 is longMembership as the first version of this code kept it. It must be readable for ever.
const packedByDictionary1 = "" +
	"AbSVUU4CMRCG7+IJptOZ7dQ3EzEK2URdEJe3drpVFPRBDLKJdzdiomtYTXjgBtPv+790J67lzyC/mGw/125VIYU96pFju33S91j+qwfMSzu9udjMBhWWw+eT" +
	"crJ8WE87Sp7md/erxWYvM70X9JohzA4IIbukgR1pAnCYPXlPkEyIYqNNIFwwakCrWREoOBVrM6RPTH+Z7T/il1kUMqZf7u5MwS5aC/FNqleaJx3N29l4hR1S" +
	"66Z5PBgo1VREGx2EkMV7YOLYsG3Ee4cimClRLoQgB2oosmY0hAhioGBWPhio3grK89PBWX07wtkl1TyYXFXjuhpSeV0fvX8EAAD//w=="

func longMembership() policy.Membership {
	at := time.Date(2026, time.November, 26, 8, 30, 0, 123456789, time.UTC)
	key := func(number byte, label string) policy.AccessKey {
		digest := policy.NewClientSecret([32]byte{number}).Digest()
		return policy.AccessKey{
			ClientID: policy.NewClientID([16]byte{number}, "mk_", ""), Label: label, Scopes: []string{"api"}, CreatedAt: at,
			Secrets: []policy.Secret{{Digest: digest, IssuedAt: at, StatusIndex: 28411}}, Ceiling: policy.RoleMember,
		}
	}
	return policy.Membership{
		AccountID: "acme", TenantID: "load", UserID: "ada", Role: policy.RoleMember, JoinedAt: at, UserGeneration: "MHDEFYXK2ZP4Y5EUQSTYSJ4MRY",
		Keys: []policy.AccessKey{key(1, "nightly"), key(2, "weekly")},
	}
}

func TestLongRecordIsPacked(t *testing.T) {
	kept, err := store.EncodeRecord(longMembership())
	if err != nil {
		t.Fatal(err)
	}
	text, err := store.UnpackRecord(kept)
	if err != nil {
		t.Fatal(err)
	}
	if 5*len(kept) > 2*len(text) {
		t.Errorf("%d bytes of JSON are kept in %d", len(text), len(kept))
	}
	read, err := store.DecodeRecord[policy.Membership](kept)
	if diff := cmp.Diff(longMembership(), read); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

func TestPackedRecordsStayReadable(t *testing.T) {
	kept, err := base64.StdEncoding.DecodeString(packedByDictionary1)
	if err != nil {
		t.Fatal(err)
	}
	read, err := store.DecodeRecord[policy.Membership](kept)
	if diff := cmp.Diff(longMembership(), read); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

func TestCutRecordIsRefused(t *testing.T) {
	kept, err := store.EncodeRecord(longMembership())
	if err != nil {
		t.Fatal(err)
	}
	for length := range kept {
		if read, err := store.DecodeRecord[policy.Membership](kept[:length]); err == nil {
			t.Fatalf("%d of %d bytes are read as %+v", length, len(kept), read)
		}
	}
}

func FuzzPackedRecord(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add(bytes.Repeat([]byte{0, 1, 2, 255}, 100))
	f.Fuzz(func(t *testing.T, name []byte) {
		user := policy.User{ID: "ada", AccountID: "acme", Name: string(bytes.ToValidUTF8(name, nil)), Email: "ada@example.com"}
		kept, err := store.EncodeRecord(user)
		if err != nil {
			t.Fatal(err)
		}
		read, err := store.DecodeRecord[policy.User](kept)
		if diff := cmp.Diff(user, read); err != nil || diff != "" {
			t.Errorf("%v, (-want +got):\n%s", err, diff)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	kept, err := store.EncodeRecord(longMembership())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.EncodeRecord(longMembership()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.DecodeRecord[policy.Membership](kept); err != nil {
				b.Fatal(err)
			}
		}
	})
}
