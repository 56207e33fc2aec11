package redisstore

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// gate is the hook of go-redis through which the commands of one node pass, those of the connection of a commit too.
type gate struct{ ears }

// ofConnection are the commands with which go-redis opens a connection, within the command that needs it.
var ofConnection = []string{"hello", "auth", "select", "client", "readonly"}

// ProcessHook implements redis.Hook.
func (g gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if slices.Contains(ofConnection, cmd.Name()) || ctx.Value(counted{}) != nil {
			return next(ctx, cmd)
		}
		asked, began := ctx, g.node.meter.began()
		ctx, err := g.node.enter(ctx)
		if err == nil {
			defer g.node.leave()
			err = next(ctx, cmd)
		}
		if err = dismissed(ctx, err); ours(err) {
			cmd.SetErr(err)
		}
		g.node.meter.ended(asked, began, err, cmd)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. A pipeline counts as one command.
func (g gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if len(cmds) == 0 || slices.Contains(ofConnection, cmds[0].Name()) || ctx.Value(counted{}) != nil {
			return next(ctx, cmds)
		}
		asked, began := ctx, g.node.meter.began()
		ctx, err := g.node.enter(ctx)
		if err == nil {
			defer g.node.leave()
			err = next(ctx, cmds)
		}
		if err = dismissed(ctx, err); ours(err) {
			for _, cmd := range cmds { // each reply is asked for its own error
				cmd.SetErr(err)
			}
		}
		g.node.meter.ended(asked, began, err, cmds...)
		return err
	}
}

// ours says that the error is not one of go-redis, which notes its own.
func ours(err error) bool { return errors.Is(err, errNotAnswering) || errors.Is(err, errInDoubt) }

// dismissed replaces the error of a command whose context the gate has ended, and not its caller.
func dismissed(ctx context.Context, err error) error {
	if q, ok := ctx.(queued); ok && errors.Is(err, context.Canceled) && q.Context.Err() == nil {
		return errNotAnswering
	}
	return err
}

// ears is a hook that hears the node on each connection, and lets every command pass.
type ears struct{ node *node }

// ProcessHook implements redis.Hook.
func (ears) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (ears) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// DialHook implements redis.Hook. It never fails: the pool of go-redis, once that many dials have failed, dials again only once a second,
// and whoever asks it meanwhile gets the last error, though the node may be back. So a dial that failed gives a connection that fails.
func (e ears) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := next(ctx, network, address)
		switch {
		case err == nil:
			return e.node.listen(opened), nil
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, context.Canceled):
			// That is our side, and the connections that there are may work.
		default:
			e.node.unreachable.Store(true)
		}
		return failed{errors.New(err.Error())}, nil // not retried, as an error of the network would be
	}
}
