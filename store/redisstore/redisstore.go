package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"mintkey/policy"
	"mintkey/store"
)

var _ store.Store = (*Store)(nil)

// Store is a store.Store in Redis. Any number of processes may share one Redis.
type Store struct {
	client  redis.UniversalClient
	primary primaryFunc
	watch   *watch
	// What tokens need is read through it.
	gatherer *gatherer
	noted    sync.Map // the masters of a Cluster whose replicas are noted: see replicas.go
	saving   saving
	marks    marks // of the masters of a Cluster: see marks.go
	// Never changes in Redis, and is read once.
	tenantAccounts *cache[string] // tenant → account
	pointers       *cache[pointer]
	// Read each time, but decoded only when the text has changed.
	memberships *cache[decoded[policy.Membership]]
	users       *cache[decoded[policy.User]]
	accounts    *cache[decoded[policy.Account]]
	tenants     *cache[decoded[policy.Tenant]]
}

// Sizes of the caches, in entries: together some 50 MB.
const (
	pointersCached = 100_000
	recordsCached  = 10_000
)

// Open connects to the Redis that the URL names:
//
//	redis://[[user]:password@]host[:port][/database]
//	rediss://…                                          the same over TLS
//	unix://[[user]:password@]/path/to/socket[?db=database]
//	redis-sentinel://[[user]:password@]host:port,host:port…/master-name[?db=database]
//	redis-cluster://[[user]:password@]host:port,host:port…
//	rediss-sentinel://…, rediss-cluster://…             the same over TLS, to the Sentinels too
//
// The hosts of redis-sentinel are Sentinels, the user and password those of the Redis servers behind them; Sentinels with a
// password of their own take it from sentinel_password (and sentinel_username) after the question mark.
//
// It returns store.ErrUnavailable if Redis does not answer, and store.ErrSchemaTooNew if a later version of the program wrote to it.
func Open(ctx context.Context, url string) (*Store, error) { return OpenTLS(ctx, url, nil) }

// OpenTLS is Open with a CA and a client certificate for a URL that begins with rediss. Of the TLS it uses RootCAs, Certificates and
// GetClientCertificate; nil stands for the CAs of the system and no certificate.
func OpenTLS(ctx context.Context, url string, secure *tls.Config) (*Store, error) {
	w := newWatch()
	client, primary, err := newClient(url, secure, w)
	if err != nil {
		w.close()
		return nil, err
	}
	if w.sentinels != nil {
		w.sentinels.await(ctx)
	}
	s := &Store{
		client: client, primary: primary, watch: w,
		tenantAccounts: newCache[string](recordsCached),
		pointers:       newCache[pointer](pointersCached),
		tenants:        newCache[decoded[policy.Tenant]](recordsCached),
		memberships:    newCache[decoded[policy.Membership]](recordsCached),
		users:          newCache[decoded[policy.User]](recordsCached),
		accounts:       newCache[decoded[policy.Account]](recordsCached),
	}
	s.gatherer = newGatherer(s.fetch, !s.isCluster())
	if err := s.checkSchema(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Ping reads one key, because a Redis that answers PING may still be loading its data or be cut off from its Cluster. It asks every
// master of a Cluster, because the records behind one token are in several slots. One that does not have the slot answers MOVED, and only
// does so while the Cluster works.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.get(ctx, schemaKey)
	cluster, ok := s.client.(*redis.ClusterClient)
	if err != nil || !ok {
		return err
	}
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		err := master.Get(ctx, schemaKey).Err()
		if _, moved := redis.IsMovedError(err); moved || errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	})
	if err != nil {
		return unavailable(ctx, err)
	}
	return nil
}

// Close closes the connections.
func (s *Store) Close() error {
	s.watch.close()
	return s.client.Close()
}

// Time is the clock of Redis; in a Cluster, of one of its nodes.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, unavailable(ctx, err)
	}
	return now, nil
}

// DropCaches forgets what never changes in one history of a store. What is decoded from records stays: it is compared with them each time.
func (s *Store) DropCaches() {
	s.tenantAccounts.dropAll()
	s.pointers.dropAll()
	s.dropMarks()
}
