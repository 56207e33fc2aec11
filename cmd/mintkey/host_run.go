package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
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
	public, err := h.newHTTPServer()
	if err != nil {
		return err
	}
	srv, err := h.newServer(ctx)
	if err != nil {
		return err
	}
	notifier, err := h.newNotifier(ctx, srv)
	if err != nil {
		return err
	}
	public.Handler = srv.Handler()
	public.RegisterOnShutdown(srv.EndStreams)
	defer h.serveBackups(ctx)() // before anything says that the server is ready
	failed := make(chan error, 2)
	go func() { failed <- serve(public, h.public) }()
	if h.ops != nil {
		ops := &http.Server{Handler: srv.OpsHandler(), ReadHeaderTimeout: readHeaderTimeout, ErrorLog: public.ErrorLog}
		defer func() { _ = ops.Close() }()
		go func() { failed <- serve(ops, h.ops) }()
	}
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Run(background) }()
	notifying, stopNotifier := context.WithCancel(ctx) // it also stops when the server fails
	var notifications sync.WaitGroup
	notifications.Go(func() { notifier.Run(notifying) })
	notifications.Go(func() { h.stampStore(notifying) })
	defer notifications.Wait()
	defer stopNotifier()
	ready()

	select {
	case <-ctx.Done():
		h.log.InfoContext(ctx, "stopping", slog.Duration("grace", h.config.ShutdownGrace))
	case err = <-failed:
	}
	h.finishRequests(ctx, public)
	stopBackground() // after the last request, so that the last flush has everything
	return errors.Join(err, <-stopped)
}

// finishRequests stops accepting and waits for open requests, within the grace.
func (h *host) finishRequests(ctx context.Context, public *http.Server) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.ShutdownGrace)
	defer cancel()
	if err := public.Shutdown(grace); err != nil {
		h.log.WarnContext(ctx, "requests cut off: they took longer than shutdown_grace", slog.Any("error", err))
		_ = public.Close()
	}
}

func (h *host) newHTTPServer() (*http.Server, error) {
	s := &http.Server{
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(httpErrors{h.log}, "", 0),
	}
	if h.config.TLS.Cert == "" {
		return s, nil
	}
	certificate, err := tls.LoadX509KeyPair(h.config.TLS.Cert, h.config.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("tls.cert, tls.key: %w", err)
	}
	s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	return s, nil
}

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
