package redisstore

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// How often the primary and each Sentinel is asked, and how long for. To find the primary, go-redis may ask a silent Sentinel first, twice.
const (
	askEvery        = 500 * time.Millisecond
	sentinelTimeout = time.Second
	primaryTimeout  = 3 * ioTimeout
)

// sentinels asks the Sentinels, and the primary that they name, for proof that it still is one: see doubt.go.
type sentinels struct {
	w       *watch
	node    *node
	primary *redis.Client
	options *redis.FailoverOptions

	mu      sync.Mutex
	clients map[string]*redis.SentinelClient // by address
	refused error                            // by the primary, when it was last asked and could not be reached
}

func newSentinels(options *redis.FailoverOptions, primary *redis.Client, w *watch) *sentinels {
	return &sentinels{w: w, node: w.node(primary), primary: primary, options: options, clients: map[string]*redis.SentinelClient{}}
}

// watch asks from now on.
func (s *sentinels) watch() {
	s.primary.AddHook(directly{s})
	s.w.every(askEvery, s.askPrimary)
	for _, address := range s.options.SentinelAddrs {
		s.meet(address)
	}
	s.w.every(judgeEvery, func() {
		s.look()
		s.node.doubt.judge()
	})
}

// look notes which primary is spoken with. Connections to one that a majority of the Sentinels does not name any more are closed.
func (s *sentinels) look() {
	if primary, byMajority := s.node.doubt.primary(); byMajority {
		s.node.closeAllBut(primary)
	}
	s.node.doubt.speaksWith(s.node.address())
}

// directly is a hook that opens connections to a primary of which there is proof. go-redis asks a Sentinel before each, and without one
// could open none.
type directly struct{ *sentinels }

// DialHook implements redis.Hook.
func (d directly) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if primary, _ := d.node.doubt.primary(); primary != "" {
			return d.options.Dialer(ctx, network, primary)
		}
		return next(ctx, network, address)
	}
}

// ProcessHook implements redis.Hook.
func (directly) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (directly) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// await waits for the first judgement, or until the primary cannot be reached, which the next command says better.
func (s *sentinels) await(ctx context.Context) {
	const look = 10 * time.Millisecond
	for began := present(); present().Sub(began) < provenFor && ctx.Err() == nil; time.Sleep(look) { //nolint:forbidigo // a pause, no record
		s.mu.Lock()
		refused := s.refused
		s.mu.Unlock()
		if refused != nil || s.node.doubt.isProven() {
			return
		}
	}
}

// askPrimary asks past the gate, which may be shut.
func (s *sentinels) askPrimary() {
	ctx, cancel := context.WithTimeout(context.WithValue(s.w.ctx, counted{}, true), primaryTimeout)
	defer cancel()
	asked, before := present(), s.node.address()
	s.node.doubt.speaksWith(before)
	info, err := s.primary.Info(ctx, "replication").Result()
	answer := redis.Error(nil)
	reached := err == nil || errors.As(err, &answer)
	s.mu.Lock()
	s.refused = nil
	if !reached {
		s.refused = err
	}
	s.mu.Unlock()
	address := s.node.address()
	if !reached || before != "" && before != address {
		return
	}
	s.node.doubt.speaksWith(address)
	s.node.doubt.hearPrimary(silencesIn(info), asked)
}

// meet begins to ask a Sentinel, unless it is asked already.
func (s *sentinels) meet(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[address] != nil {
		return
	}
	client := redis.NewSentinelClient(&redis.Options{
		Addr: address, Username: s.options.SentinelUsername, Password: s.options.SentinelPassword, TLSConfig: s.options.TLSConfig,
		DialTimeout: sentinelTimeout, ReadTimeout: sentinelTimeout, WriteTimeout: sentinelTimeout,
		PoolSize: 1, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	s.clients[address] = client
	s.w.every(askEvery, func() {
		asked := present()
		said, err := s.ask(s.w.ctx, client)
		if err != nil {
			return
		}
		s.node.doubt.hearSentinel(said, asked)
		s.look()
		for _, other := range said.others {
			s.meet(other)
		}
	})
}

func (s *sentinels) ask(ctx context.Context, client *redis.SentinelClient) (opinion, error) {
	ctx, cancel := context.WithTimeout(ctx, sentinelTimeout)
	defer cancel()
	master, err := client.Master(ctx, s.options.MasterName).Result()
	if err != nil {
		return opinion{}, err
	}
	address, err := client.GetMasterAddrByName(ctx, s.options.MasterName).Result()
	if err == nil && len(address) != 2 {
		err = errors.New("a Sentinel gave no address")
	}
	if err != nil {
		return opinion{}, err
	}
	others, err := client.Sentinels(ctx, s.options.MasterName).Result()
	if err != nil {
		return opinion{}, err
	}
	return opinionOf(master, address, others), nil
}

func (s *sentinels) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, client := range s.clients {
		_ = client.Close()
	}
}
