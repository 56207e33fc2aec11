package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/store/redistest"
)

// wide is written with a wide k, which a server of version 1 took for another letter than k.
const wide = "\uff4belvin@example.com"

// peopleOfVersionOne makes an account with two users whose addresses version 1 told apart, one whose address it kept in another normal
// form, and a membership of a user who was deleted.
func peopleOfVersionOne(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.CreateAccount(ctx, policy.Account{ID: "acme", Name: "Acme"}))
	release, err := policy.ParseRelease("24.3")
	must(t, err)
	must(t, s.CreateTenant(ctx, policy.Tenant{ID: "load", AccountID: "acme", Name: "Load", Release: release}))
	for id, email := range map[string]string{
		"ascii": "kelvin@example.com", "sign": "sign@example.com", "zoe": "zoe@example.com", "gone": "gone@example.com",
	} {
		must(t, s.CreateUser(ctx, policy.User{ID: id, AccountID: "acme", Name: id, Email: email}))
		must(t, s.UpdateMembership(ctx, "load", id, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
			m.Role = policy.RoleMember
			return m, nil, nil
		}))
	}
	must(t, s.DeleteUser(ctx, "acme", "gone"))
	must(t, s.SetSchemaVersion(ctx, 1))
}

// The addresses as version 1 wrote them: in the record as given, in the index in lower case.
func oldAddresses() map[string][2]string {
	return map[string][2]string{"sign": {"sign@example.com", wide}, "zoe": {"zoe@example.com", "zoe\u0308@example.com"}}
}

func boltOfVersionOne(t *testing.T) store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mintkey.db")
	s, err := boltstore.Open(path)
	must(t, err)
	peopleOfVersionOne(t, s)
	must(t, s.Close())
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		users := tx.Bucket([]byte("users"))
		emails, err := tx.CreateBucket([]byte("emails"))
		must(t, err)
		must(t, emails.Put([]byte("acme/kelvin@example.com"), []byte("ascii")))
		for id, address := range oldAddresses() {
			record := strings.ReplaceAll(string(users.Get([]byte("acme/"+id))), address[0], address[1])
			must(t, users.Put([]byte("acme/"+id), []byte(record)))
			must(t, emails.Put([]byte("acme/"+strings.ToLower(address[1])), []byte(id)))
		}
		return tx.DeleteBucket([]byte("addresses"))
	}))
	must(t, db.Close())
	s, err = boltstore.Open(path)
	return opened(t, s, err)
}

func redisOfVersionOne(t *testing.T) store.Store {
	t.Helper()
	url := redistest.Start(t).URL()
	s := openRedis(t, url)
	peopleOfVersionOne(t, s)
	options, err := redis.ParseURL(url)
	must(t, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	ctx := t.Context()
	for id, address := range oldAddresses() {
		record, err := client.Get(ctx, "mintkey:{a:acme}:user:"+id).Result()
		must(t, err)
		must(t, client.Set(ctx, "mintkey:{a:acme}:user:"+id, strings.ReplaceAll(record, address[0], address[1]), 0).Err())
		must(t, client.Del(ctx, "mintkey:{a:acme}:email:"+address[0]).Err())
		must(t, client.Set(ctx, "mintkey:{a:acme}:email:"+strings.ToLower(address[1]), id, 0).Err())
	}
	lists, err := client.Keys(ctx, "mintkey:emails:*").Result()
	must(t, err)
	must(t, client.Del(ctx, lists...).Err())
	return s
}

func TestUpgradeOfPeople(t *testing.T) {
	for name, open := range map[string]func(*testing.T) store.Store{"bolt": boltOfVersionOne, "redis": redisOfVersionOne} {
		t.Run(name, func(t *testing.T) {
			s, ctx := open(t), t.Context()
			planned, err := store.Upgrade(ctx, s, upgradedAt, true)
			must(t, err)
			did, err := store.Upgrade(ctx, s, upgradedAt, false)
			must(t, err)
			if diff := cmp.Diff(planned, did); diff != "" {
				t.Errorf("the dry run announced otherwise (-planned +did):\n%s", diff)
			}
			want := store.UpgradeReport{
				From: 1, To: store.SchemaVersion, Users: 3, Memberships: 3, Leftovers: 1,
				Alike: []store.EmailsAlike{{AccountID: "acme", UserIDs: [2]string{"ascii", "sign"}, Email: "kelvin@example.com"}},
			}
			if diff := cmp.Diff(want, did); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			for email, id := range map[string]string{
				"kelvin@example.com": "ascii", wide: "ascii", "zo\u00eb@example.com": "zoe", "ZOE\u0308@example.com": "zoe",
			} {
				user, err := s.UserByEmail(ctx, "acme", email)
				must(t, err)
				users, err := s.UsersByEmail(ctx, email)
				must(t, err)
				if user.ID != id || len(users) != 1 || users[0].ID != id {
					t.Errorf("%s is of %s and of %v, want %s", email, user.ID, users, id)
				}
			}
			if tenants, err := s.TenantsOf(ctx, "acme", "gone"); err != nil || len(tenants) > 0 {
				t.Errorf("the deleted user is still in %v, %v", tenants, err)
			}
			rename := func(u policy.User) (policy.User, []policy.Event, error) { u.Name = "renamed"; return u, nil, nil }
			must(t, s.UpdateUser(ctx, "acme", "sign", rename)) // in spite of the address
			must(t, s.DeleteUser(ctx, "acme", "sign"))
			if user, err := s.UserByEmail(ctx, "acme", wide); err != nil || user.ID != "ascii" {
				t.Errorf("the address went with the other user: %v, %v", user.ID, err)
			}
		})
	}
}
