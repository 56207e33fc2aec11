package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"mintkey/server"
)

const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute // a dry run over a large account takes a while
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10 // twice the longest token
)

// run serves until ctx ends. It calls ready when the server answers requests.
func (h *host) run(ctx context.Context, ready func()) error {
	secured, err := h.tlsConfig(ctx)
	if err != nil {
		return err
	}
	stopTraces, err := h.startTraces(ctx)
	if err != nil {
		return err
	}
	defer stopTraces()
	srv, err := h.newServer(ctx)
	if err != nil {
		return err
	}
	if err := srv.Prepare(ctx); err != nil {
		return err
	}
	notifier, err := h.newNotifier(ctx, srv)
	if err != nil {
		return err
	}
	defer h.serveBackups(ctx)() // before anything says that the server is ready
	leave := &closing{}
	public := h.newHTTPServer(secured, leave.wrap(politely(h.public, srv.Handler())))
	servers := []*http.Server{public}
	failed := make(chan error, 3)
	if h.admin != nil {
		private := h.newHTTPServer(secured, leave.wrap(politely(h.admin, srv.Handler())))
		public.Handler, servers = leave.wrap(politely(h.public, srv.PublicHandler())), append(servers, private)
		go func() { failed <- serve(private, srv.Guard(private, h.admin)) }()
	}
	public.RegisterOnShutdown(srv.EndStreams)
	go func() { failed <- serve(public, srv.Guard(public, h.public)) }()
	if h.ops != nil {
		ops := &http.Server{Handler: srv.OpsHandler(), ReadHeaderTimeout: readHeaderTimeout, ErrorLog: h.httpLog()}
		defer func() { _ = ops.Close() }()
		go func() { failed <- serve(ops, h.ops) }()
	}
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Run(background) }()
	notifying, stopNotifier := context.WithCancel(background) // which goes on while the server drains
	var notifications sync.WaitGroup
	notifications.Go(func() { notifier.Run(notifying) })
	notifications.Go(func() { h.stampStore(notifying) })
	notifications.Go(func() { h.reloads(background) })
	notifications.Go(func() { boundMemory(background, h.tunesGC) })
	defer notifications.Wait()
	defer stopBackground()
	tellManager(daemon.SdNotifyReady)
	ready()

	select {
	case <-ctx.Done():
		h.log.InfoContext(ctx, "stopping",
			slog.Duration("drain", h.config.Drain), slog.Duration("grace", h.config.ShutdownGrace))
		tellManager(daemon.SdNotifyStopping)
		h.drain(srv, leave)
	case err = <-failed:
	case <-h.damaged():
		h.log.ErrorContext(ctx, "store damaged; stopping")
		tellManager(daemon.SdNotifyStopping)
	}
	srv.Stopping() // which a drain has said already
	stopNotifier()
	h.finishRequests(ctx, srv, servers)
	stopBackground() // after the last request, so that the last flush has everything
	return errors.Join(err, <-stopped, h.damage())
}

// reloads reads again what can change while the server runs, until ctx ends.
func (h *host) reloads(ctx context.Context) {
	tick := time.NewTicker(lookAtCertificateEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.signals.reload:
			tellManager(daemon.SdNotifyReloading)
			h.reload(ctx)
			tellManager(daemon.SdNotifyReady)
		case <-tick.C:
			h.reloadCertificate(ctx, false)
		case <-ctx.Done():
			return
		}
	}
}

// reload reads again what can change, because somebody asked for it.
func (h *host) reload(ctx context.Context) {
	hasSecrets := h.hasSecretsToReread()
	if hasSecrets {
		h.rereadSecrets(ctx)
	}
	h.warnOfOpenSecrets(ctx)
	h.reloadCertificate(ctx, true)
	if !hasSecrets && h.certificate == nil {
		h.log.InfoContext(ctx, "nothing to reload", slog.String("signal", "SIGHUP"))
	}
}

func (h *host) reloadCertificate(ctx context.Context, asked bool) {
	if h.certificate != nil {
		h.certificate.reload(ctx, asked)
		h.certificate.warnBeforeExpiry(ctx)
	}
}

// finishRequests stops accepting and waits for open requests, within the grace.
func (h *host) finishRequests(ctx context.Context, srv *server.Server, servers []*http.Server) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.ShutdownGrace)
	defer cancel()
	srv.OpenDoor(grace)
	var finishing sync.WaitGroup
	for _, s := range servers {
		finishing.Go(func() {
			if err := s.Shutdown(grace); err != nil {
				h.log.WarnContext(ctx, "requests cut off: they took longer than shutdown_grace", slog.Any("error", err))
				_ = s.Close()
			}
		})
	}
	finishing.Wait()
}

func (h *host) newHTTPServer(secured *tls.Config, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         secured.Clone(),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          h.httpLog(),
	}
}

func (h *host) httpLog() *log.Logger { return log.New(httpErrors{h.log}, "", 0) }

// httpErrors logs what net/http has to say of a connection, under one message: its texts hold addresses, and so are never the same.
type httpErrors struct{ log *slog.Logger }

func (e httpErrors) Write(text []byte) (int, error) {
	e.log.Warn("http connection failed", slog.String("error", strings.TrimSpace(string(text))))
	return len(text), nil
}

func serve(s *http.Server, listener net.Listener) (err error) {
	if s.TLSConfig != nil {
		err = s.ServeTLS(listener, "", "")
	} else {
		err = s.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
