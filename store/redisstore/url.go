package redisstore

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const forms = "redis://host:port/database, rediss://host:port/database, unix:///path/to/socket, " +
	"redis-sentinel://host:port,host:port/master-name or redis-cluster://host:port,host:port " +
	"(rediss-sentinel:// and rediss-cluster:// with TLS)"

// How long a command may wait: for a connection, twice, and then for its answer. That is for a Redis that answers others meanwhile; one
// that is silent is dealt with sooner: see watch. A read is retried once, but not after a time-out.
const (
	poolTimeout = 500 * time.Millisecond
	ioTimeout   = downTicks * tickEvery
	readRetries = 1
)

// topologyAge is how old the client's picture of a Cluster may be: a failover is followed that long after the nodes have agreed on it.
// Each process asks one node that often, and only while there are commands.
const topologyAge = time.Second

// primaryFunc returns the client of the node that writes a key.
type primaryFunc func(ctx context.Context, key string) (*redis.Client, error)

// newClient makes a client, whose nodes the watch watches. The TLS is for the schemes that begin with rediss; nil stands for the CAs of the
// system and no certificate.
func newClient(rawURL string, secure *tls.Config, w *watch) (redis.UniversalClient, primaryFunc, error) {
	scheme, rest, _ := strings.Cut(rawURL, "://")
	switch {
	case !strings.HasPrefix(scheme, "rediss"):
		if secure != nil {
			return nil, nil, errors.New("a CA and a certificate are for rediss://, rediss-sentinel:// and rediss-cluster:// only")
		}
	case secure == nil:
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	var single *redis.Client
	var err error
	switch scheme {
	case "redis", "rediss", "unix":
		single, err = newSingle(rawURL, secure)
	case "redis-sentinel", "rediss-sentinel":
		var options *redis.FailoverOptions
		if options, err = newSentinel(rest, secure); err == nil {
			single = redis.NewFailoverClient(options)
			w.sentinels = newSentinels(options, single, w)
		}
	case "redis-cluster", "rediss-cluster":
		var cluster *redis.ClusterClient
		if cluster, err = newCluster(rest, secure); err == nil {
			cluster.OnNewNode(w.add)
			return cluster, cluster.MasterForKey, nil
		}
	default:
		err = errors.New("unknown scheme")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the URL of the store: %w; allowed are %s", withoutURL(err), forms)
	}
	w.add(single)
	if w.sentinels != nil {
		w.sentinels.watch()
	}
	return single, func(context.Context, string) (*redis.Client, error) { return single, nil }, nil
}

// withoutURL drops the URL, and so its password, from an error of package url.
func withoutURL(err error) error {
	if parse := new(url.Error); errors.As(err, &parse) {
		return errors.New("it cannot be parsed; special characters of a password have to be percent-encoded, such as %23 for #")
	}
	return err
}

func newSingle(rawURL string, secure *tls.Config) (*redis.Client, error) {
	o, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	if o.TLSConfig != nil { // has the name of the server, and skip_verify
		o.TLSConfig.RootCAs, o.TLSConfig.GetClientCertificate = secure.RootCAs, secure.GetClientCertificate
		o.TLSConfig.Certificates = secure.Certificates
	}
	o.MaxRetries = cmp.Or(o.MaxRetries, readRetries)
	o.DialTimeout = cmp.Or(o.DialTimeout, ioTimeout)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, ioTimeout)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, ioTimeout)
	o.PoolTimeout = cmp.Or(o.PoolTimeout, poolTimeout)
	o.PoolSize = min(cmp.Or(o.PoolSize, maxWaiting), maxWaiting)
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.PipelinePoolSize = -1
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

func newSentinel(rest string, secure *tls.Config) (*redis.FailoverOptions, error) {
	u, err := parseHosts(rest, "db", "sentinel_username", "sentinel_password")
	if err != nil {
		return nil, err
	}
	if u.path == "" || strings.Contains(u.path, "/") {
		return nil, errors.New("the name of the master is missing after the hosts")
	}
	database, err := strconv.Atoi(cmp.Or(u.query.Get("db"), "0"))
	if err != nil || database < 0 {
		return nil, errors.New("db is not a number")
	}
	return &redis.FailoverOptions{
		Dialer:     dialer(secure),
		MasterName: u.path, SentinelAddrs: u.hosts,
		SentinelUsername: u.query.Get("sentinel_username"), SentinelPassword: u.query.Get("sentinel_password"),
		Username: u.username, Password: u.password, DB: database, TLSConfig: secure,
		MaxRetries: readRetries, DialTimeout: ioTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
		PoolTimeout: poolTimeout, PoolSize: maxWaiting,
		DialerRetries: 1, ContextTimeoutEnabled: true, PipelinePoolSize: -1,
	}, nil
}

// dialer opens connections as go-redis does, but each knows the address that a Sentinel gave.
func dialer(secure *tls.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: ioTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	dial := plain.DialContext
	if secure != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: secure}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return dialled{opened, address}, nil
	}
}

func newCluster(rest string, secure *tls.Config) (*redis.ClusterClient, error) {
	u, err := parseHosts(rest)
	if err != nil {
		return nil, err
	}
	if u.path != "" {
		return nil, errors.New("a Redis Cluster has one database, without a name")
	}
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: u.hosts, Username: u.username, Password: u.password, TLSConfig: secure,
		DialTimeout: ioTimeout, ReadTimeout: ioTimeout, WriteTimeout: ioTimeout,
		PoolTimeout: poolTimeout, PoolSize: maxWaiting,
		DialerRetries: 1, ContextTimeoutEnabled: true, PipelinePoolSize: -1,
		ClusterStateReloadInterval: topologyAge,
		MaintNotificationsConfig:   &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), nil
}

type hostsURL struct {
	username, password string
	hosts              []string
	path               string
	query              url.Values
}

// parseHosts reads [user:password@]host:port,host:port[/path][?query]. Package url refuses a list of hosts, so it gets one at a time.
func parseHosts(rest string, parameters ...string) (hostsURL, error) {
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	at := strings.LastIndex(rest[:end], "@") + 1
	var parsed hostsURL
	for host := range strings.SplitSeq(rest[at:end], ",") {
		u, err := url.Parse("redis://" + rest[:at] + host + rest[end:])
		if err != nil {
			return hostsURL{}, err
		}
		if u.Hostname() == "" || u.Port() == "" {
			return hostsURL{}, fmt.Errorf("%q is not host:port", host)
		}
		parsed.hosts = append(parsed.hosts, net.JoinHostPort(u.Hostname(), u.Port()))
		parsed.username = u.User.Username()
		parsed.password, _ = u.User.Password()
		parsed.path, parsed.query = strings.TrimPrefix(u.Path, "/"), u.Query()
	}
	for name := range parsed.query {
		if !slices.Contains(parameters, name) {
			return hostsURL{}, fmt.Errorf("unknown parameter %q", name)
		}
	}
	return parsed, nil
}
