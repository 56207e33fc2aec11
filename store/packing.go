package store

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"
)

// A long record is kept deflated (RFC 1951), with a dictionary that both sides know: a third of its JSON. The first byte names the
// dictionary. JSON begins with another byte, and is read as it is. A dictionary never changes: what was packed with it would be lost. A
// better one gets a number of its own, and a new version of the schema.

const (
	firstDictionary = 1
	// packedFrom is the length from which on packing pays, in bytes: below it, as in times of last access, it would save little and cost
	// as much.
	packedFrom = 160
	// packingLevel is the lowest that uses the dictionary. More work saves next to nothing here.
	packingLevel = 2
)

// dictionary has what records have in common, in order of rising frequency: what is near the end is named in the fewest bits.
var dictionary = []byte(`{"number":,"hash":"","previous":"","jti":"","until":"2026-11-26T00:00:00Z","attempts":` +
	`,"delivered":["mail","webhook"]` +
	`,"openid":{"issuer":"https://","subject":""},"ended_before":"2026-11-26T00:00:00Z","password_changed_at":"2026-11-26T00:00:00Z"` +
	`,"sign_ins_ended_at":"2026-11-26T00:00:00Z","disabled":true,"disabled_at":"2026-11-26T00:00:00Z"` +
	`,"password_hash":"$argon2id$v=19$m=19456,t=2,p=1$"` +
	`{"id":"account.created","id":"tenant.created","password_grant":"user.created","user.updated","user.deleted","member.added"` +
	`,"member.role_changed","member.removed","session.started","session.ended","session.refused","tenant.suspended","tenant.resumed"` +
	`,"policy.changed","key.overlap_ended","key.revoked","key.updated","key.suspended","key.resumed","key.expiring","key.expired"` +
	`,"key.purged","token.refused","key.refreshed","key.created","details":{"reason":"unknown_client","wrong_secret","changed":"password"` +
	`,"tokens_per_minute":"none","allowed_networks":"none","overlap_seconds":"","count":"","label":"","scopes":"","pick_up":"true"}` +
	`,"payload":{"indexes":[],"secret_issued_at":"2026-11-26T00:00:00Z","expires_at":"2026-11-26T00:00:00Z"}}` +
	`{"id":"019","at":"2026-11-26T00:00:00.000000000Z","action":"key.created","actor":{"user_id":"","client_id":"mk_","via":"console"` +
	`,"via":"server","via":"command","via":"api","address":"127.0.0.1","request_id":""},"account_id":"","tenant_id":"","user_id":""` +
	`,"client_id":"mk_","details":{` +
	`"replaced":[{"index":,"until":"2026-11-26T00:00:00Z"}],"suspended":{"at":"2026-11-26T00:00:00Z","reason":"","by":""}` +
	`,"suspended_as":"tenant_admin","noticed":{"urgency":,"expires_at":"2026-11-26T00:00:00Z"}` +
	`,"allowed_networks":["10.0.0.0/8","192.168.0.0/16"],"expires_at":"2026-11-26T00:00:00Z","audiences":["https://api.example.com"]` +
	`,"token_lifetime_seconds":300,"tokens_per_minute":600` +
	`{"id":"","account_id":"","kind":"service","kind":"person","name":"","email":"@example.com","roles":["operator","account_admin"]` +
	`,"created_at":"2026-11-26T00:00:00.000000000Z","generation":"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"}` +
	`{"account_id":"account-","tenant_id":"tenant-","user_id":"user-","role":"tenant_admin","role":"member"` +
	`,"joined_at":"2026-11-26T00:00:00.000000000Z","keys":[{"client_id":"mk_","label":"key ","scopes":["keys:read","keys:write"` +
	`,"tenants:write","users:write","policy:read","policy:write","audit:read","tokens:introspect","self","rotate","api"]` +
	`,"created_at":"2025-12-31T00:00:00.000000000Z","secrets":[{"digest":"0123456789abcdef","issued_at":"2026-10-30T00:00:00.000000000Z"` +
	`,"ends_at":"2026-11-26T00:00:00Z","status_index":,"status_since":"2026-11-26T00:00:00Z"}],"ceiling":"member"` +
	`,"ceiling":"tenant_admin"},{"client_id":"mk_","label":"","scopes":["api"],"created_at":"2026-11-26T00:00:00.000000000Z"` +
	`,"secrets":[{"digest":"","issued_at":"2026-11-26T00:00:00.000000000Z","status_index":12}],"ceiling":"member"}]` +
	`,"user_generation":"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"}`)

var packers = sync.Pool{New: func() any {
	writer, err := flate.NewWriterDict(io.Discard, packingLevel, dictionary)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return writer
}}

var unpackers = sync.Pool{New: func() any { return flate.NewReaderDict(nil, dictionary) }}

// pack returns the JSON itself where packing makes it no shorter.
func pack(text []byte) []byte {
	if len(text) < packedFrom {
		return text
	}
	writer := packers.Get().(*flate.Writer) //nolint:forcetypeassert // the pool has nothing else
	defer packers.Put(writer)
	out := bytes.NewBuffer(make([]byte, 0, len(text)))
	out.WriteByte(firstDictionary)
	writer.Reset(out)
	_, err := writer.Write(text)
	if err == nil {
		err = writer.Close()
	}
	if err != nil || out.Len() >= len(text) {
		return text
	}
	return bytes.Clone(out.Bytes())
}

// UnpackRecord returns the JSON of a record, packed or not.
func UnpackRecord(kept []byte) ([]byte, error) {
	if len(kept) == 0 || kept[0] != firstDictionary {
		return kept, nil
	}
	reader := unpackers.Get().(io.ReadCloser) //nolint:forcetypeassert // the pool has nothing else
	defer unpackers.Put(reader)
	if err := reader.(flate.Resetter).Reset(bytes.NewReader(kept[1:]), dictionary); err != nil { //nolint:forcetypeassert // flate says so
		return nil, fmt.Errorf("unpack a record: %w", err)
	}
	var text bytes.Buffer
	text.Grow(4 * len(kept))
	if _, err := text.ReadFrom(reader); err != nil {
		return nil, fmt.Errorf("unpack a record: %w", err)
	}
	return text.Bytes(), nil
}
