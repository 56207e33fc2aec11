package leaks

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"

	"mintkey/server/web"
)

// GitHubKeys are the public keys with which GitHub's secret scanning signs, by identifier.
type GitHubKeys map[string]*ecdsa.PublicKey

// ParseGitHubKeys reads the document at https://api.github.com/meta/public_keys/secret_scanning.
func ParseGitHubKeys(document []byte) (GitHubKeys, error) {
	var listed struct {
		Keys []struct {
			Identifier string `json:"key_identifier"`
			Key        string `json:"key"` // PEM
		} `json:"public_keys"`
	}
	if err := json.Unmarshal(document, &listed); err != nil || len(listed.Keys) == 0 {
		return nil, errors.New("this is not the JSON document with public_keys that GitHub serves")
	}
	keys := GitHubKeys{}
	for _, one := range listed.Keys {
		block, _ := pem.Decode([]byte(one.Key))
		if block == nil {
			return nil, fmt.Errorf("the key %q is not PEM", one.Identifier)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		key, ok := parsed.(*ecdsa.PublicKey)
		if err != nil || !ok {
			return nil, fmt.Errorf("the key %q is not a public key of ECDSA", one.Identifier)
		}
		keys[one.Identifier] = key
	}
	return keys, nil
}

// verify says whether the report is signed, and whether by GitHub. Without keys to verify with, signatures are not looked at: what anybody
// may report, GitHub may.
func (e *Endpoint) verify(r *web.Request, body []byte) (verified, signed bool) {
	identifier, signature := r.Header.Get("Github-Public-Key-Identifier"), r.Header.Get("Github-Public-Key-Signature")
	if e.GitHubKeys == nil || identifier == "" && signature == "" {
		return false, false
	}
	keys, err := e.GitHubKeys()
	if err == nil {
		err = keys.check(identifier, signature, body)
	}
	if err != nil && e.Limits.Seldom(r.Context(), "leak report with a wrong signature") {
		e.Log.WarnContext(r.Context(), "leak report ignored: its signature is wrong; are GitHub's public keys up to date?",
			slog.String("request_id", r.ID), slog.String("address", r.Address), slog.Any("error", err))
	}
	return err == nil, true
}

func (k GitHubKeys) check(identifier, signature string, body []byte) error {
	key, ok := k[identifier]
	if !ok {
		return errors.New("the key identifier is unknown")
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	digest := sha256.Sum256(body)
	if err != nil || !ecdsa.VerifyASN1(key, digest[:], raw) {
		return errors.New("the signature does not fit")
	}
	return nil
}
