package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"mintkey/policy"
)

// The first line of what is hashed says what it is, and in which version.
const (
	recordVersion = "mintkey-audit-record-1"
	sealVersion   = "mintkey-audit-seal-1"
	headsVersion  = "mintkey-audit-heads-1"
)

// Digest is the SHA-256 of a whole event, in base64url without padding. What is hashed is JSON whose members are in the order of
// their names, so that it does not depend on the order of the fields in this version of the program, or on how a store writes it down.
func Digest(event policy.Event) (string, error) {
	text, err := json.Marshal(event)
	if err != nil {
		return "", fmt.Errorf("event %s: %w", event.ID, err)
	}
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a status index has more digits than a float64
	if err := decoder.Decode(&members); err != nil {
		return "", fmt.Errorf("event %s: %w", event.ID, err)
	}
	return hash(recordVersion, members)
}

// hash writes maps in the order of their keys.
func hash(version string, content any) (string, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(version+"\n"), text...))
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// A record of a seal is the ID of an event, a space, and its digest.
func recordOf(event policy.Event) (string, error) {
	digest, err := Digest(event)
	return event.ID + " " + digest, err
}

func cutRecord(record string) (id, digest string) {
	at := strings.LastIndexByte(record, ' ')
	return record[:max(at, 0)], record[at+1:]
}
