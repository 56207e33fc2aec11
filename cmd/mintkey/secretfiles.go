package main

import (
	"context"
	"errors"
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

// replaceAll sets all channels up anew, or none: half of the new secrets would be neither the old state nor the new one.
func replaceAll(channels []*replaceable, config configs.Config) error {
	fresh := make([]notify.Channel, len(channels))
	var problems []error
	for i, channel := range channels {
		var err error
		if fresh[i], err = channel.setUp(config); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for i, channel := range channels {
		if old := channel.current.Swap(&fresh[i]); old != nil {
			channel.earlier.Add(sentBy(*old))
		}
	}
	return nil
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
	if err == nil {
		err = replaceAll(h.channels, fresh)
	}
	if err != nil {
		h.log.ErrorContext(ctx, "secrets not loaded; keeping the old ones", slog.Any("error", err))
		return
	}
	h.secrets.Store(&fresh)
	h.log.InfoContext(ctx, "secrets loaded")
}

func (h *host) hasSecretsToReread() bool {
	return slices.ContainsFunc(h.config.SecretFiles(), func(f configs.SecretFile) bool { return !f.AtStart })
}

// openToOthers are the bits of everybody on the machine. The group's are left alone: it is how Kubernetes lets a server without rights
// read its secrets. A private key has no reason to be open to a group.
const (
	openToOthers    fs.FileMode = 0o006
	keyOpenToOthers fs.FileMode = 0o066
)

// warnOfOpenSecrets warns of files of secrets that everybody on the machine can read or write, in the log and in what /readyz?verbose has
// from now on. It refuses none, because in a container only the server is there, and Docker makes all of them so.
func (h *host) warnOfOpenSecrets(ctx context.Context) {
	var warnings []string
	for _, file := range h.config.SecretFiles() {
		if mode, open := opens(file.Path, openToOthers); open {
			h.log.WarnContext(ctx, "secret is open to others", slog.String("setting", file.Setting), slog.String("path", file.Path),
				slog.String("mode", mode))
			warnings = append(warnings, fmt.Sprintf("%s: open to others (mode %s)", file.Setting, mode))
		}
	}
	if mode, open := opens(h.config.TLS.Key, keyOpenToOthers); open {
		h.log.WarnContext(ctx, "tls.key is open to others", slog.String("path", h.config.TLS.Key), slog.String("mode", mode))
		warnings = append(warnings, fmt.Sprintf("tls.key: open to others (mode %s)", mode))
	}
	h.openSecrets.Store(&warnings)
}

// opens says whether the file has one of the bits, and its mode. A file that is not there is a matter of whoever reads it.
func opens(path string, bits fs.FileMode) (mode string, open bool) {
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return "", false
	}
	return fmt.Sprintf("%04o", info.Mode().Perm()), info.Mode().Perm()&bits != 0
}

// warningsNow are those that come and go while the server runs.
func (h *host) warningsNow() []string {
	return append(h.agreed.warnings(), *h.openSecrets.Load()...)
}
