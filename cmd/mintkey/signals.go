package main

import (
	"os"
	"os/signal"
	"syscall"

	"mintkey/cmd/mintkey/hangup"
)

// signals are what a running server is told beside the end of its context, which the first SIGTERM or SIGINT brings about.
type signals struct {
	hurry  <-chan struct{}  // closed by SIGINT, or by the second signal of any kind: stop without a drain
	reload <-chan os.Signal // SIGHUP, which also comes when the terminal of a login goes away, and so must not kill
}

// listenForSignals can be undone with stop. After hurry is closed, one more signal ends the process as it does any other program.
func listenForSignals() (s signals, stop func()) {
	hurry, stopped := make(chan struct{}), make(chan struct{})
	ends := make(chan os.Signal, 2)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(ends)
		for count := 1; ; count++ {
			select {
			case got := <-ends:
				if got == os.Interrupt || count > 1 {
					close(hurry)
					return
				}
			case <-stopped:
				return
			}
		}
	}()
	return signals{hurry, hangup.Heard()}, func() { close(stopped) }
}
