package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"mintkey/configs"
	"mintkey/notify"
	"mintkey/server"
	"mintkey/server/metrics"
	"mintkey/server/revocation"
	"mintkey/store"
)

// newNotifier wires the scheduled work on expiring access keys, and the delivery of events by mail, by webhook and to gateways.
func (h *host) newNotifier(ctx context.Context, srv *server.Server) (*notify.Runner, error) {
	channels, counts := []notify.Channel{srv.Gateways()}, srv.Metrics()
	sent := map[string]func() int64{"mail": none, "webhook": none}
	if smtp := h.config.SMTP; smtp.URL.Reveal() == "" {
		h.log.InfoContext(ctx, "no mail is sent: owners are not warned before their access keys expire; set smtp.url and smtp.from")
	} else {
		h.channels = append(h.channels, &replaceable{setUp: func(config configs.Config) (notify.Channel, error) {
			mail, err := notify.NewMail(notify.MailConfig{
				URL: config.SMTP.URL.Reveal(), From: smtp.From, Issuer: h.issuer(), Console: cmp.Or(h.config.ConsoleURL, h.issuer()),
				Records: h.gate, PickUpLink: srv.Links().PickUp, PasswordLink: srv.Links().Password,
			})
			if err != nil {
				return nil, fmt.Errorf("smtp: %w", err)
			}
			return mail, nil
		}})
	}
	if h.config.Webhook.URL.Reveal() != "" {
		h.channels = append(h.channels, &replaceable{setUp: func(config configs.Config) (notify.Channel, error) {
			hook := config.Webhook
			webhook, err := notify.NewWebhook(notify.WebhookConfig{URL: hook.URL.Reveal(), Secret: hook.Secret.Reveal()})
			if err != nil {
				return nil, fmt.Errorf("webhook: %w", err)
			}
			return webhook, nil
		}})
	}
	if err := replaceAll(h.channels, h.config); err != nil {
		return nil, err
	}
	for _, channel := range h.channels {
		channels = append(channels, channel)
		sent[channel.Name()] = channel.Sent
	}
	keeper, err := h.newKeeper(ctx)
	if err != nil {
		return nil, err
	}
	for name, count := range sent {
		counts.CountSent(name, count)
	}
	counts.Background(backgroundWork())
	outbox := notify.NewOutboxWorker(h.gate, h.gate, h.log, channels...)
	outbox.Delivered = func(channel string, how notify.Attempt) { counts.Delivered(channel, string(how)) }
	return &notify.Runner{
		Upkeep: keeper.Tick,
		Census: func(ctx context.Context, now time.Time) error { return store.RefreshCensus(ctx, h.gate, now, h.now) },
		Done:   counts.TaskDone, Scheduler: &notify.Scheduler{Store: h.gate, Agreed: h.clocks}, Outbox: outbox,
		Documents: h.gate, Log: h.log, Now: h.now, Outages: h.outages,
	}, nil
}

func none() int64 { return 0 }

// backgroundWork is what the metrics may have to count.
func backgroundWork() metrics.Work {
	return metrics.Work{
		Tasks:    []string{notify.TaskKeyMaintenance, notify.TaskAuditUpkeep, notify.TaskOutbox, notify.TaskCensus},
		Channels: []string{revocation.Gateways{}.Name(), "mail", "webhook"},
		Attempts: []string{string(notify.AttemptDone), string(notify.AttemptFailed), string(notify.AttemptGaveUp)},
	}
}
