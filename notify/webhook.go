package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mintkey/policy"
)

// WebhookConfig says where signed events go.
type WebhookConfig struct {
	URL    string // http or https
	Secret string // whsec_ and base64 of 24 to 64 bytes, which the receiver has too
}

// Webhook is a Channel that posts events to a program, signed as https://www.standardwebhooks.com describes. Retries can
// change the order of events: go by the timestamp in the body. The webhook-id of an event never changes, so a receiver can drop the
// duplicate that a crash may make.
type Webhook struct {
	url    string
	signer *standardwebhooks.Webhook
	client *http.Client
	sent   atomic.Int64
}

// Sent is how many events the receiver has taken.
func (w *Webhook) Sent() int64 { return w.sent.Load() }

const (
	webhookSecretPrefix = "whsec_"
	// maxAnswerBytes is how much of an answer is read, so that the connection can be used again.
	maxAnswerBytes = 64 << 10
)

// NewWebhook checks the configuration. An error never repeats the secret.
func NewWebhook(config WebhookConfig) (*Webhook, error) {
	target, err := url.Parse(config.URL)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return nil, errors.New("the webhook URL must be an http or https URL")
	}
	encoded, ok := strings.CutPrefix(config.Secret, webhookSecretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the webhook secret must be whsec_ and base64 of 24 to 64 bytes")
	}
	signer, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Webhook{url: config.URL, signer: signer, client: client}, nil
}

// Name is "webhook".
func (*Webhook) Name() string { return "webhook" }

// webhookBody is what a receiver gets. Fields are chosen one by one: the client's address and the request ID are left out.
type webhookBody struct {
	Type      policy.Action `json:"type"`
	Timestamp time.Time     `json:"timestamp"` // of the event, not of the delivery
	Data      webhookData   `json:"data"`
}

type webhookData struct {
	AccountID string            `json:"account_id"`
	TenantID  string            `json:"tenant_id,omitempty"`
	UserID    string            `json:"user_id,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	Actor     webhookActor      `json:"actor"`
	Details   map[string]string `json:"details,omitempty"`
}

type webhookActor struct {
	UserID   string `json:"user_id,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Via      string `json:"via"`
}

// Deliver posts the event. Any 2xx is success; a 4xx that refuses the request as such is permanent.
func (w *Webhook) Deliver(ctx context.Context, event policy.Event, _ SubjectFunc, now time.Time) error {
	if !forWebhooks(event.Action) {
		return nil
	}
	body, err := json.Marshal(webhookBody{Type: event.Action, Timestamp: event.At.UTC(), Data: webhookData{
		AccountID: event.AccountID, TenantID: event.TenantID, UserID: event.UserID, ClientID: event.ClientID,
		Actor:   webhookActor{UserID: event.Actor.UserID, ClientID: event.Actor.ClientID, Via: event.Actor.Via},
		Details: chosenDetails(event.Details),
	}})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	signature, err := w.signer.Sign(event.ID, now, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(standardwebhooks.HeaderWebhookID, event.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return w.post(request)
}

func (w *Webhook) post(request *http.Request) error {
	response, err := w.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", withoutURL(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswerBytes) // the status is enough
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		w.sent.Add(1)
		return nil
	case status >= 400 && status < 500 && !slices.Contains(passing4xx(), status):
		return fmt.Errorf("webhook: %w: the receiver answered %s", ErrPermanent, response.Status)
	default:
		return fmt.Errorf("webhook: the receiver answered %s", response.Status)
	}
}

// passing4xx are the client errors that are worth another try.
func passing4xx() []int {
	return []int{http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}
}

// chosenDetails keeps the details that webhooks promise.
func chosenDetails(details map[string]string) map[string]string {
	chosen := map[string]string{}
	for _, name := range []string{
		"label", "scopes", "audiences", policy.DetailPickUp, // of a key.created
		"overlap_seconds", "picked_up", policy.DetailDroppedScopes, policy.DetailRepeated, // of a key.refreshed
		policy.DetailRevokedTokens, // of a key.overlap_ended
		"from", "to",               // of a key.transferred
		policy.DetailEffect, policy.DetailURL, policy.DetailReportedBy, // of a key.leaked
		policy.DetailReason,         // of a key.revoked, a key.suspended and so on
		"expires_at", "days_before", // of a key.expiring, and the first of a key.expired
		"enabled_before", "enabled", "period_days_before", "period_days", // of a policy.changed
	} {
		if value, ok := details[name]; ok {
			chosen[name] = value
		}
	}
	return chosen
}

func forWebhooks(action policy.Action) bool {
	switch action {
	case policy.ActionKeyCreated, policy.ActionKeyRefreshed, policy.ActionKeyOverlapEnded, policy.ActionKeyRevoked,
		policy.ActionKeyExpiring, policy.ActionKeyExpired, policy.ActionKeySuspended, policy.ActionKeyResumed,
		policy.ActionKeyTransferred, policy.ActionKeyLeaked,
		policy.ActionTenantSuspended, policy.ActionTenantResumed, policy.ActionPolicyChanged:
		return true
	default:
		return false
	}
}

// withoutURL keeps the URL out of logs: receivers put tokens into it.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
