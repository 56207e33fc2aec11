package redisstore_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"testing"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/redistest"
)

// What a crash between two slots leaves must disturb nobody.

func TestOrphansAreSkipped(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	ctx := t.Context()
	server.Do("ZADD", "mintkey:accounts", "0", "aaa")
	server.Do("ZADD", "mintkey:{a:acme}:tenants", "0", "aaa")
	server.Do("ZADD", "mintkey:{a:acme}:tenants-of:ada", "0", "aaa")
	server.Do("SET", "mintkey:client:mk_orphan", "build/ada")
	server.Do("SET", "mintkey:client:mk_nobody", "aaa/bob")
	page := store.Page{Limit: 1}
	if accounts, err := s.Accounts(ctx, page); err != nil || len(accounts) != 1 || accounts[0].ID != "acme" {
		t.Errorf("accounts %v, %v", accounts, err)
	}
	if tenants, err := s.Tenants(ctx, "acme", page); err != nil || len(tenants) != 1 || tenants[0].ID != "build" {
		t.Errorf("tenants %v, %v", tenants, err)
	}
	if tenants, err := s.TenantsOf(ctx, "acme", "ada"); err != nil || len(tenants) != 1 || tenants[0] != "build" {
		t.Errorf("tenants of ada %v, %v", tenants, err)
	}
	for _, clientID := range []string{"mk_orphan", "mk_nobody"} {
		if err := works(t, s, clientID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", clientID, err)
		}
	}
}

func TestIndexThatNamesAnotherAccountsTenantShowsNothingOfIt(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	server.Do("ZADD", "mintkey:{a:other}:tenants", "0", "build")
	if tenants, err := s.Tenants(t.Context(), "other", store.Page{Limit: 5}); err != nil || len(tenants) != 0 {
		t.Errorf("tenants %v, %v", tenants, err)
	}
	if events, err := s.Events(t.Context(), "other", store.EventsQuery{Limit: 5}); err != nil || len(events) != 0 {
		t.Errorf("events %v, %v", events, err)
	}
}

func TestClaimOfAUserIDThatWasNeverUsedIsTakenOver(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	server.Do("SET", "mintkey:user:ada", "crashed/stamp")
	if err := s.CreateUser(t.Context(), ada("acme")); err != nil {
		t.Fatalf("create a user whose ID is claimed in vain: %v", err)
	}
	if err := s.CreateUser(t.Context(), ada("other")); !errors.Is(err, store.ErrExists) {
		t.Errorf("create the user in another account: %v", err)
	}
	if err := s.DeleteUser(t.Context(), "acme", "ada"); err != nil {
		t.Fatal(err)
	}
	if got := server.Do("EXISTS", "mintkey:user:ada"); got != "0" {
		t.Error("the deletion leaves the claim behind")
	}
	if err := s.CreateUser(t.Context(), ada("other")); !errors.Is(err, store.ErrIDUsed) {
		t.Errorf("create the user in another account after the deletion: %v, want %v", err, store.ErrIDUsed)
	}
}

// An account finds the ID claimed and unused, and takes the claim over just when the user has come to be.
func TestClaimOfAUserIDIsNotTakenOverTooLate(t *testing.T) {
	server := redistest.Start(t)
	proxies := [2]*proxy{newProxy(t, server.Address()), newProxy(t, server.Address())}
	first, second := opened(t, "redis://"+proxies[0].address), opened(t, "redis://"+proxies[1].address)
	claimed, taking, made := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	proxies[0].hold("mintkey:{a:acme}:user:ada", func() {
		close(claimed)
		<-taking
	})
	go func() { made <- first.CreateUser(t.Context(), ada("acme")) }()
	<-claimed
	proxies[1].hold("mintkey:user:ada", func() {
		close(taking)
		if err := <-made; err != nil {
			t.Errorf("create the user who was first: %v", err)
		}
	})
	if err := second.CreateUser(t.Context(), ada("other")); !errors.Is(err, store.ErrExists) {
		t.Errorf("create the user in another account: %v", err)
	}
}

func TestRefusedChangeLeavesNoClientID(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	race(t, 20, func(i int) error {
		err := update(t.Context(), s, addKey("mk_"+strconv.Itoa(i)))
		if errors.Is(err, policy.ErrKeyLimit) {
			return nil
		}
		return err
	})
	left := 0
	for i := range 20 {
		if server.Do("EXISTS", "mintkey:client:mk_"+strconv.Itoa(i)) == "1" {
			left++
		}
	}
	if left != policy.MaxKeys {
		t.Errorf("%d client IDs lead to a membership of two keys", left)
	}
}

func TestHundredWritersAllGetTheirTurn(t *testing.T) {
	for name, url := range map[string]string{
		"single": redistest.Start(t).URL(), "cluster": redistest.StartCluster(t, 3).URL(),
	} {
		t.Run(name, func(t *testing.T) {
			connections := []store.Store{opened(t, url), opened(t, url)}
			race(t, 100, func(i int) error {
				return connections[i%2].UpdateDocument(t.Context(), "count", increment)
			})
			document, err := connections[0].Document(t.Context(), "count")
			if err != nil || string(document) != "100" {
				t.Errorf("count = %s, %v; want 100", document, err)
			}
		})
	}
}

func increment(document []byte) ([]byte, error) {
	count := 0
	if document != nil {
		if err := json.Unmarshal(document, &count); err != nil {
			return nil, err
		}
	}
	return json.Marshal(count + 1)
}

func race(t *testing.T, n int, run func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := run(i); err != nil {
				t.Errorf("racer %d: %v", i, err)
			}
		})
	}
	all.Wait()
}
