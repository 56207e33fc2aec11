package notify_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mintkey/notify"
	"mintkey/policy"
)

var webhookSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

func newWebhook(t testing.TB, url string) *notify.Webhook {
	t.Helper()
	w, err := notify.NewWebhook(notify.WebhookConfig{URL: url, Secret: webhookSecret})
	must(t, err)
	return w
}

// posted is a request as a receiver sees it.
type posted struct {
	header http.Header
	body   string
}

// receive answers every request with the status and keeps it.
func receive(t testing.TB, status int) (*httptest.Server, func() []posted) {
	t.Helper()
	requests := make(chan posted, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- posted{r.Header.Clone(), string(body)}
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server, func() (all []posted) {
		for len(requests) > 0 {
			all = append(all, <-requests)
		}
		return all
	}
}

func TestWebhook(t *testing.T) {
	server, requests := receive(t, http.StatusNoContent)
	event := policy.Event{
		ID: "0123-abcd", At: noon, Action: policy.ActionKeyExpiring,
		Actor:     policy.Actor{UserID: "grace", ClientID: "mk_9", Via: "api", Address: "192.0.2.7", RequestID: "req-1"},
		AccountID: "acme", TenantID: "load", UserID: "ada", ClientID: "mk_1", Details: map[string]string{"days_before": "7"},
	}
	now := time.Now() // the receiver's library reads the clock
	must(t, deliver(t.Context(), nil, newWebhook(t, server.URL), event, now))

	got := requests()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	receiver, err := standardwebhooks.NewWebhook(webhookSecret)
	must(t, err)
	if err := receiver.Verify([]byte(got[0].body), got[0].header); err != nil {
		t.Error(err)
	}
	if err := receiver.Verify([]byte(got[0].body+" "), got[0].header); err == nil {
		t.Error("the signature holds for another body too")
	}
	if id := got[0].header.Get("webhook-id"); id != event.ID {
		t.Errorf("webhook-id %s, want the event's", id)
	}
	if kind := got[0].header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %s", kind)
	}
	want := `{"type":"key.expiring","timestamp":"2026-03-01T12:00:00Z","data":{"account_id":"acme","tenant_id":"load",` +
		`"user_id":"ada","client_id":"mk_1",` +
		`"actor":{"user_id":"grace","client_id":"mk_9","via":"api"},"details":{"days_before":"7"}}}`
	if diff := cmp.Diff(want, got[0].body); diff != "" {
		t.Error(diff)
	}
}

// A receiver gets the details that are promised, and nothing that is for the server alone.
func TestWebhookDetails(t *testing.T) {
	server, requests := receive(t, http.StatusNoContent)
	event := policy.Event{
		ID: "1", At: noon, Action: policy.ActionKeyRevoked, AccountID: "acme", ClientID: "mk_1",
		Details: map[string]string{"reason": "user deleted", "status_indexes": "7 12", "later": "x"},
	}
	event.Payload.Revoked = &policy.RevokedTokens{StatusIndexes: []uint64{7, 12}}
	must(t, deliver(t.Context(), nil, newWebhook(t, server.URL), event, noon))
	want := `{"type":"key.revoked","timestamp":"2026-03-01T12:00:00Z","data":{"account_id":"acme","client_id":"mk_1","actor":{"via":""},` +
		`"details":{"reason":"user deleted"}}}`
	got := requests()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	if diff := cmp.Diff(want, got[0].body); diff != "" {
		t.Error(diff)
	}
}

func TestWebhookEvents(t *testing.T) {
	server, requests := receive(t, http.StatusOK)
	webhook := newWebhook(t, server.URL)
	for _, action := range []policy.Action{
		policy.ActionKeyCreated, policy.ActionKeyRefreshed, policy.ActionKeyRevoked, policy.ActionKeyExpiring, policy.ActionKeyExpired,
		policy.ActionPolicyChanged, policy.ActionKeySuspended, policy.ActionKeyResumed, policy.ActionTenantSuspended,
		policy.ActionTenantResumed, policy.ActionKeyLeaked,
		policy.ActionKeyPurged, policy.ActionUserUpdated, policy.ActionTenantCreated, policy.ActionPasswordLinkRequested,
		policy.ActionPasswordLinkSent,
	} {
		must(t, deliver(t.Context(), nil, webhook, policy.Event{ID: string(action), At: noon, Action: action}, noon))
	}
	var got []string
	for _, request := range requests() {
		got = append(got, request.header.Get("webhook-id"))
	}
	want := []string{
		"key.created", "key.refreshed", "key.revoked", "key.expiring", "key.expired", "policy.changed",
		"key.suspended", "key.resumed", "tenant.suspended", "tenant.resumed", "key.leaked",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWebhookAnswers(t *testing.T) {
	const done, later, never = "done", "later", "never"
	for status, want := range map[int]string{
		200: done, 201: done, 202: done, 204: done, 299: done,
		301: later, 302: later, 307: later, 308: later,
		400: never, 401: never, 403: never, 404: never, 410: never, 413: never, 422: never,
		408: later, 409: later, 425: later, 429: later,
		500: later, 502: later, 503: later, 504: later,
	} {
		server, requests := receive(t, status)
		err := deliver(t.Context(), nil, newWebhook(t, server.URL), policy.Event{ID: "1", At: noon, Action: policy.ActionKeyRevoked}, noon)
		got := later
		if err == nil {
			got = done
		} else if errors.Is(err, notify.ErrPermanent) {
			got = never
		}
		if got != want {
			t.Errorf("%d: %s, want %s: %v", status, got, want, err)
		}
		if n := len(requests()); n != 1 {
			t.Errorf("%d: %d requests, want 1", status, n)
		}
	}
}

func TestWebhookFailures(t *testing.T) {
	dead, _ := receive(t, http.StatusOK)
	dead.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	event := policy.Event{ID: "1", At: noon, Action: policy.ActionKeyRevoked}

	err := deliver(t.Context(), nil, newWebhook(t, dead.URL+"/?token=hunter22"), event, noon)
	if err == nil || errors.Is(err, notify.ErrPermanent) {
		t.Errorf("nobody there: %v, want an error that is worth another try", err)
	} else if strings.Contains(err.Error(), "hunter22") {
		t.Errorf("the error has the token of the URL: %v", err)
	}
	must(t, deliver(t.Context(), nil, newWebhook(t, endless.URL), event, noon))
}

func TestWrongWebhookConfigs(t *testing.T) {
	short := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456"))
	for _, config := range []notify.WebhookConfig{
		{URL: "", Secret: webhookSecret},
		{URL: "ftp://example.com", Secret: webhookSecret},
		{URL: "https://", Secret: webhookSecret},
		{URL: "https://example.com"},
		{URL: "https://example.com", Secret: strings.TrimPrefix(webhookSecret, "whsec_")},
		{URL: "https://example.com", Secret: "whsec_hunter22!"},
		{URL: "https://example.com", Secret: short},
	} {
		if _, err := notify.NewWebhook(config); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%+v: error %v", config, err)
		}
	}
}
