package notify_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"mintkey/notify"
	"mintkey/policy"
)

// counted counts the reads of what events are about.
type counted struct {
	fullStore
	reads int
}

func (c *counted) Account(ctx context.Context, id string) (policy.Account, error) {
	c.reads++
	return c.fullStore.Account(ctx, id)
}

func (c *counted) Tenant(ctx context.Context, id string) (policy.Tenant, error) {
	c.reads++
	return c.fullStore.Tenant(ctx, id)
}

func (c *counted) User(ctx context.Context, accountID, id string) (policy.User, error) {
	c.reads++
	return c.fullStore.User(ctx, accountID, id)
}

func (c *counted) Membership(ctx context.Context, tenantID, userID string) (policy.Membership, error) {
	c.reads++
	return c.fullStore.Membership(ctx, tenantID, userID)
}

func (c *counted) Subject(ctx context.Context, tenantID, userID string) (policy.Subject, error) {
	c.reads++
	return c.fullStore.Subject(ctx, tenantID, userID)
}

// A notice reads its records once, for the question whether it still holds and for the mail.
func TestANoticeReadsItsRecordsOnce(t *testing.T) {
	s, server := openBolt(t), startMailServer(t, mailServerOptions{})
	small(t, s)
	addKey(t, s, "ada", newKey("mk_1", "", noon))
	must(t, (&notify.Scheduler{Store: s}).Tick(t.Context(), after(83)))
	records := &counted{fullStore: s}
	channels := []notify.Channel{newMail(t, notify.MailConfig{URL: server.url(), Records: records}), &recorder{name: "other"}}
	drain(t, notify.NewOutboxWorker(s, records, slog.New(slog.DiscardHandler), channels...), after(83).Add(time.Minute))
	server.only(t)
	if records.reads != 1 {
		t.Errorf("%d reads for one notice, want 1", records.reads)
	}
}
