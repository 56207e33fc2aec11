package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"mintkey/configs"
	"mintkey/notify"
	"mintkey/policy"
)

// replaceable is a channel that is set up anew when its secret is replaced. Its methods may be called from many goroutines.
type replaceable struct {
	setUp   func(configs.Config) (notify.Channel, error)
	current atomic.Pointer[notify.Channel]
	earlier atomic.Int64 // what those before the current one have sent
}

func (r *replaceable) replace(config configs.Config) error {
	fresh, err := r.setUp(config)
	if err == nil {
		if old := r.current.Swap(&fresh); old != nil {
			r.earlier.Add(sentBy(*old))
		}
	}
	return err
}

// Sent is how many messages have been accepted by their receivers.
func (r *replaceable) Sent() int64 { return r.earlier.Load() + sentBy(*r.current.Load()) }

func sentBy(channel notify.Channel) int64 {
	if counts, ok := channel.(interface{ Sent() int64 }); ok {
		return counts.Sent()
	}
	return 0
}

func (r *replaceable) Name() string { return (*r.current.Load()).Name() }

func (r *replaceable) Deliver(ctx context.Context, event policy.Event, subject notify.SubjectFunc, now time.Time) error {
	return (*r.current.Load()).Deliver(ctx, event, subject, now)
}

// providerSecret is this server's secret at the OpenID provider, as it is at the moment.
type providerSecret struct {
	secrets *atomic.Pointer[configs.Config]
}

func (s providerSecret) Reveal() string { return s.secrets.Load().OIDC.ClientSecret.Reveal() }

// rereadSecrets takes what is in the files of secrets now, but for the store and the key-encryption key, which are those of the start.
// If anything there can't be used, all secrets stay as they were.
func (h *host) rereadSecrets(ctx context.Context) {
	fresh, err := h.secrets.Load().Reread()
	if err != nil {
		h.log.ErrorContext(ctx, "secrets not loaded; keeping the old ones", slog.Any("error", err))
		return
	}
	for _, channel := range h.channels {
		if err := channel.replace(fresh); err != nil {
			h.log.ErrorContext(ctx, "secret not loaded; keeping the old one", slog.String("channel", channel.Name()), slog.Any("error", err))
			return
		}
	}
	h.secrets.Store(&fresh)
	h.log.InfoContext(ctx, "secrets loaded")
}

func (h *host) hasSecretsToReread() bool {
	return slices.ContainsFunc(h.config.SecretFiles(), func(f configs.SecretFile) bool { return !f.AtStart })
}

// openToOthers are the bits of everybody on the machine. The group's are left alone: it is how Kubernetes lets a server without rights
// read its secrets.
const openToOthers fs.FileMode = 0o006

// warnOfOpenSecrets warns of files of secrets that everybody on the machine can read or write. It refuses none, because in a container
// only the server is there, and Docker makes all of them so.
func (h *host) warnOfOpenSecrets(ctx context.Context) {
	for _, file := range h.config.SecretFiles() {
		info, err := os.Stat(file.Path)
		if err != nil || info.Mode().Perm()&openToOthers == 0 {
			continue
		}
		mode := fmt.Sprintf("%04o", info.Mode().Perm())
		h.log.WarnContext(ctx, "secret is open to others", slog.String("setting", file.Setting), slog.String("path", file.Path),
			slog.String("mode", mode))
		h.warnings = append(h.warnings, fmt.Sprintf("%s: open to others (mode %s)", file.Setting, mode))
	}
}
