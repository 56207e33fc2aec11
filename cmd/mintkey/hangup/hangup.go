// Package hangup takes SIGHUP from the first milliseconds of the process on, in which it would kill a server. It imports next to nothing,
// so that Go initializes it before the packages that take their time.
package hangup

import (
	"os"
	"os/signal"
	"syscall"
)

// heard has room for one, which a server hears when it is up.
var heard = func() chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c
}()

// Heard returns the channel on which SIGHUP comes.
func Heard() <-chan os.Signal { return heard }

// Ends lets SIGHUP end the process, as it does by default.
func Ends() {
	signal.Stop(heard)
	select {
	case <-heard: // before anybody could say so
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGHUP)
	default:
	}
}
