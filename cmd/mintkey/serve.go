package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"mintkey/configs"
	"mintkey/logs"
	"mintkey/server"
)

func (p *program) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Run the server until it is told to stop (SIGTERM or Ctrl-C); requests under way are finished first. SIGTERM first leaves\n" +
			"load balancers and clients the time of --drain to move to other servers. SIGHUP reads tls.cert, tls.key and files of secrets\n" +
			"(smtp.url_file and the like) again, but for those of the store.\n" +
			"Every flag is also a setting of the file (--config) and of the environment: smtp.url, MINTKEY_SMTP_URL, --smtp-url.",
		Example:     "  mintkey serve --config mintkey.yaml\n  mintkey serve --store redis://127.0.0.1:6379/0",
		Args:        arguments(cobra.NoArgs),
		Annotations: map[string]string{isServer: isServer},
	}
	offset := addDurationFlag(c, "clock-offset", 0, time.Nanosecond,
		"shift the server's clock, such as 90d or 2160h, to rehearse expiry on a copy of the data")
	p.withSettings(c, func(config configs.Config, _ []string) error {
		return p.serve(c.Context(), config, *offset)
	})
	return c
}

// gcPercent is twice Go's default: the heap is small and every token leaves garbage, so collecting less often makes more tokens per
// second for a few megabytes. More would let strangers who send large requests drive memory up. GOGC overrides it. Once there is much
// that lives, boundMemory lowers it.
const gcPercent = 200

func (p *program) serve(ctx context.Context, config configs.Config, offset time.Duration) (err error) {
	tunesGC := p.getenv("GOGC") == ""
	if tunesGC {
		debug.SetGCPercent(gcPercent)
	}
	heard, deaf := listenForSignals()
	defer deaf()
	h := &host{
		config: config, log: p.newLog(config.Log), outages: server.NewOutages(), offset: offset, signals: heard, tunesGC: tunesGC,
		now: func() time.Time { return p.clock().Add(offset) },
	}
	if offset != 0 {
		h.log.WarnContext(ctx, "THE CLOCK IS SHIFTED: this server is for rehearsals, its tokens and expiries are not real",
			slog.Duration("offset", offset), slog.Time("clock", h.now()))
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.listen(ctx); err != nil {
		return err
	}
	if config.IssuerIsGuess() {
		h.log.WarnContext(ctx, "issuer is a guess that is right on this machine only, and the server listens on every interface; set issuer",
			slog.String("issuer", h.issuer()))
	}
	h.warnOfClearIssuer(ctx)
	if len(config.APIAudiences(h.issuer())) == 0 {
		h.log.WarnContext(ctx, "no audience is configured: tokens for an API can administer this server too, which is meant for trying out; "+
			"set tokens.audiences", slog.String("setting", "tokens.audiences"))
	}
	if config.AdminListen != "" && config.ConsoleURL == "" {
		h.log.WarnContext(ctx, "links to the console lead to the public listener, which has none", slog.String("setting", "console_url"))
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	if err := h.warnWithoutAccounts(ctx); err != nil {
		return err
	}
	return h.run(ctx, func() {
		attributes := []slog.Attr{
			slog.String("listen", h.public.Addr().String()), slog.String("issuer", h.issuer()), slog.String("store", config.StoreKind()),
			slog.String("version", thisBuild().Version),
		}
		if h.admin != nil {
			attributes = append(attributes, slog.String("admin_listen", h.admin.Addr().String()))
		}
		if h.ops != nil {
			attributes = append(attributes, slog.String("ops_listen", h.ops.Addr().String()))
		}
		h.log.LogAttrs(ctx, slog.LevelInfo, "ready", attributes...)
	})
}

// newLog writes to standard error, and keeps what is written safe and small.
func (p *program) newLog(config configs.Log) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	options := &slog.HandlerOptions{Level: levels[config.Level]}
	if config.Format == "json" {
		return slog.New(logs.NewHandler(slog.NewJSONHandler(p.stderr, options)))
	}
	return slog.New(logs.NewHandler(slog.NewTextHandler(p.stderr, options)))
}
