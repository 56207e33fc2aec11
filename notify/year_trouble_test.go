package notify_test

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/emersion/go-smtp"

	"mintkey/store"
)

// inviteTrouble makes the mail server refuse and hang up, and servers die.
func (y *year) inviteTrouble() {
	y.trouble = true
	for i := range y.replicas {
		y.start(i)
	}
	y.mail.judge = func(r received) error {
		id := messageID.FindString(string(r.raw))
		switch {
		case y.refused[id] == 3:
			return nil
		case y.chance(6, &y.refusals):
			y.refused[id]++
			return &smtp.SMTPError{Code: 451, Message: "not now"}
		case y.chance(6, &y.refusals):
			y.refused[id]++
			return errHangUp
		default:
			return nil
		}
	}
}

var messageID = regexp.MustCompile(`(?mi)^Message-ID: .*$`)

// mortalOutbox is the outbox of a server that dies at times between sending and recording: from then on it does nothing.
type mortalOutbox struct {
	store.Outbox
	year *year
	died bool
}

var errDied = errors.New("the server has died")

func (o *mortalOutbox) ClaimOutbox(ctx context.Context, now, leaseEnds time.Time, limit int) ([]store.OutboxEntry, error) {
	if o.died {
		return nil, errDied
	}
	return o.Outbox.ClaimOutbox(ctx, now, leaseEnds, limit)
}

func (o *mortalOutbox) CompleteOutbox(ctx context.Context, entry store.OutboxEntry) error {
	if len(entry.Delivered) > 0 && o.year.chance(20, &o.year.crashes) {
		o.died = true
		return errDied
	}
	return o.Outbox.CompleteOutbox(ctx, entry)
}
