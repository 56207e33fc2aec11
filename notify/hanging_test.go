package notify_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/notify"
	"mintkey/policy"
)

// A webhook that hangs delays no mail, and is told everything once it answers: each event once.
func TestAHangingWebhookDelaysNoMail(t *testing.T) {
	const events = 30
	s := openBolt(t)
	small(t, s)
	mails := startMailServer(t, mailServerOptions{})
	answers := make(chan struct{}) // closed when the receiver no longer hangs
	told := make(chan string, 10*events)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server would not see that the client has gone
		select {
		case <-answers:
			told <- r.Header.Get("webhook-id")
		case <-r.Context().Done():
		}
	}))
	defer receiver.Close()
	mail := newMail(t, notify.MailConfig{URL: mails.url(), Records: s})
	started := time.Now()
	// The webhook is the first in line, which is the worst for the mail.
	stop := runIn(t, newRunner(s, func() time.Time { return noon.Add(time.Since(started)) }, newWebhook(t, receiver.URL), mail))
	defer stop()
	var want []string
	begun := time.Now()
	for i := range events {
		id := string(rune('A' + i))
		want = append(want, id)
		announce(t, s, created(id, noon))
	}
	poll(t, func() bool { return len(mails.taken()) == events })
	t.Logf("the last mail left after %v", time.Since(begun)) // one after the other, the deliveries that hang take longer than poll waits
	close(answers)
	poll(t, func() bool { return len(told) >= events })
	poll(t, func() bool { count, _ := backlog(t, s); return count == 0 })
	var got []string
	for len(told) > 0 {
		got = append(got, <-told)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks: %s", diff)
	}
	if again := len(mails.taken()) - events; again != 0 {
		t.Errorf("%d mails came twice", again)
	}
}

// What was delivered beside a channel that hangs is recorded at once, so that a crash meanwhile makes no duplicate.
func TestACrashBesideAHangingChannelMakesNoDuplicate(t *testing.T) {
	s := openBolt(t)
	small(t, s)
	announce(t, s, created("1", noon))
	crashed, crash := context.WithCancel(t.Context())
	defer crash()
	hanging := &recorder{name: "webhook", answer: func(context.Context, policy.Event) error {
		<-crashed.Done()
		return errAway
	}}
	mail := &recorder{name: "mail"}
	first := notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), mail, hanging)
	drain(t, first, noon)
	defer first.Wait()
	defer crash()

	later := noon.Add(time.Hour) // when the lease of the one that crashed has ended
	again, webhook := &recorder{name: "mail"}, &recorder{name: "webhook"}
	drain(t, notify.NewOutboxWorker(s, s, slog.New(slog.DiscardHandler), again, webhook), later)
	if mail.delivered() != 1 || again.delivered() != 0 {
		t.Errorf("%d mails before the crash and %d after it, want 1 and 0", mail.delivered(), again.delivered())
	}
	if webhook.delivered() != 1 {
		t.Errorf("the webhook was told %d times after the crash, want once", webhook.delivered())
	}
}

// poll waits until done says so.
func poll(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}
