package redisstore_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"mintkey/policy"
	"mintkey/store/redistest"
)

// A key for each digest would take three times the memory of an entry in one of 65,536 sets.
func TestDigestsThatBeginAlikeShareASet(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	digests := []policy.Digest{{0xAB, 0xCD, 1}, {0xAB, 0xCD, 2}, {0xAB, 0xCE, 1}}
	mustUpdate(t, s, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleMember
		m.Keys = []policy.AccessKey{{ClientID: "mk_1"}, {ClientID: "mk_2"}}
		for i, digest := range digests {
			key := &m.Keys[i%2]
			key.Secrets = append(key.Secrets, policy.Secret{Digest: digest})
		}
		return m, nil, nil
	})
	if keys := strings.Fields(server.Do("KEYS", "mintkey:digests:*")); len(keys) != 2 {
		t.Errorf("the digests are in %q", keys)
	}
	for i, digest := range digests {
		ids, err := s.KeysByDigestPrefix(t.Context(), digest.Prefix())
		if want := []string{"mk_1", "mk_2"}[i%2]; err != nil || len(ids) != 1 || ids[0] != want {
			t.Errorf("digest %d leads to %q, %v", i, ids, err)
		}
	}
}

// Builds before the first release had an index with a key for each digest. What it knows is still found.
func TestIndexesOfEarlierBuildsAreRead(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	digest := policy.Digest{0xAB, 0xCD, 1}
	mustUpdate(t, s, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		m.Role = policy.RoleMember
		m.Keys = []policy.AccessKey{{ClientID: "mk_1", Secrets: []policy.Secret{{Digest: digest}}}}
		return m, nil, nil
	})
	subject, err := s.SubjectByClientID(t.Context(), "mk_1")
	if err != nil {
		t.Fatal(err)
	}
	address := sha256.Sum256([]byte(policy.FoldEmail(subject.User.Email)))
	for key := range strings.FieldsSeq(server.Do("KEYS", "mintkey:digests:*") + " " + server.Do("KEYS", "mintkey:emails:*")) {
		server.Do("DEL", key)
	}
	server.Do("ZADD", "mintkey:digest:"+digest.Prefix(), "0", "mk_1")
	server.Do("ZADD", "mintkey:email:"+base64.RawURLEncoding.EncodeToString(address[:16]), "0", subject.Account.ID)

	if ids, err := s.KeysByDigestPrefix(t.Context(), digest.Prefix()); err != nil || len(ids) != 1 || ids[0] != "mk_1" {
		t.Errorf("the digest leads to %q, %v", ids, err)
	}
	users, err := s.UsersByEmail(t.Context(), subject.User.Email)
	if err != nil || len(users) != 1 || users[0].ID != subject.User.ID {
		t.Errorf("the address leads to %v, %v", users, err)
	}
}
