package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"mintkey/store"
	"mintkey/store/boltstore"
)

// One process at a time can open a bolt file, so only the server that holds it can copy it. It listens on a socket beside the file, which
// only the owner of the file can open: whoever can read the store can copy it, and nobody else.

func backupSocket(storePath string) string { return storePath + ".sock" }

// serveBackups answers on the socket until stop is called. If the socket can't be made, the server runs all the same: the file can be
// copied while the server is stopped.
func (h *host) serveBackups(ctx context.Context) (stop func()) {
	path, _ := storeFile(h.config)
	bolt, ok := h.store.(*boltstore.Store)
	if !ok {
		return func() {}
	}
	listener, err := listenPrivately(ctx, backupSocket(path))
	if err != nil {
		h.log.WarnContext(ctx, "listening for mintkey backup failed; stop the server for a backup", slog.Any("error", err))
		return func() {}
	}
	server := &http.Server{ReadHeaderTimeout: readHeaderTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // the command has found its copy sound
			if err := store.NoteBackup(r.Context(), h.gate, h.now()); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := bolt.Backup(r.Context(), w); err != nil {
			h.log.WarnContext(ctx, "backup failed", slog.Any("error", err))
			panic(http.ErrAbortHandler) // so that the client sees that it is incomplete
		}
		h.log.InfoContext(ctx, "backup done")
	})}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}

// listenPrivately makes a socket that only its owner can open at any time. It replaces the socket of a server that was killed: the caller
// holds the lock of the store, so no other server is using it.
func listenPrivately(ctx context.Context, path string) (net.Listener, error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".sock-") // mode 0700
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	inside := filepath.Join(folder, "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", inside)
	if err != nil {
		return nil, err
	}
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false) // Close removes it under its final name
	}
	if err := errors.Join(os.Chmod(inside, 0o600), os.Rename(inside, path)); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return privateListener{listener, path}, nil
}

type privateListener struct {
	net.Listener

	path string
}

func (l privateListener) Close() error { return errors.Join(l.Listener.Close(), os.Remove(l.path)) }

// askForBackup writes the backup that the server holding the store sends.
func askForBackup(ctx context.Context, storePath string, w io.Writer) error {
	response, err := askHolder(ctx, storePath, http.MethodGet)
	if err != nil {
		return fmt.Errorf("another process holds the store and does not answer requests for a backup (stop it, then try again): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("the server broke off the backup: %w", err)
	}
	return nil
}

// tellOfBackup tells the server that holds the store that a backup of it was made.
func tellOfBackup(ctx context.Context, storePath string) error {
	response, err := askHolder(ctx, storePath, http.MethodPost)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", response.Status)
	}
	return nil
}

func askHolder(ctx context.Context, storePath, method string) (*http.Response, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", backupSocket(storePath))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, method, "http://server/backup", http.NoBody)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}
