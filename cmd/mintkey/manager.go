package main

import "github.com/coreos/go-systemd/v22/daemon"

// tellManager tells the service manager, if one has asked for it (sd_notify; Type=notify of systemd). It is no matter whether it listens.
func tellManager(state string) { _, _ = daemon.SdNotify(false, state) }
