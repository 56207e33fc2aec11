package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	streamScope     = "tokens:introspect"
	streamSilence   = 90 * time.Second // without even a heartbeat, the connection is taken for dead
	streamRetryFrom = time.Second      // doubling
	streamRetryTo   = 30 * time.Second
)

// stream listens for revocations.
type stream struct {
	config Config
	keys   *keyring
	pushed *pushed
	lastID string // where to resume
}

// keepOpen opens the stream, and again whenever it breaks, until ctx ends.
func (s *stream) keepOpen(ctx context.Context) {
	select { // the metadata comes with the signing keys
	case <-s.keys.loaded:
	case <-ctx.Done():
		return
	}
	retry := streamRetryFrom
	for {
		opened, err := s.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		s.config.OnEvent(Event{Kind: EventPush, URL: s.keys.current.Load().metadata.RevocationEndpoint, Err: err})
		if opened {
			retry = streamRetryFrom
		}
		if !pause(ctx, retry) {
			return
		}
		retry = min(2*retry, streamRetryTo)
	}
}

// follow opens the stream once and reads it to its end. It says whether it was open.
func (s *stream) follow(ctx context.Context) (opened bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(streamSilence, func() { cancel(errors.New("the stream has gone silent")) })
	defer silence.Stop()

	answer, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	s.config.OnEvent(Event{Kind: EventPush, URL: answer.Request.URL.String()})
	err = readEvents(answer.Body, func() { silence.Reset(streamSilence) }, s.take)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return true, fmt.Errorf("the stream of revocations ended: %w", err)
}

func (s *stream) open(ctx context.Context) (*http.Response, error) {
	found := s.keys.current.Load().metadata
	if found.RevocationEndpoint == "" || found.TokenEndpoint == "" {
		return nil, errors.New("the issuer's metadata has no revocation_events_endpoint")
	}
	token, err := s.token(ctx, found.TokenEndpoint)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, found.RevocationEndpoint, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	if s.lastID != "" {
		r.Header.Set("Last-Event-ID", s.lastID)
	}
	client := *s.config.HTTPClient
	client.Timeout = 0 // a stream has no end
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("opening the stream of revocations: %w", statusError{answer.Status})
	}
	return answer, nil
}

// token fetches one by client credentials (RFC 6749 section 4.4). ID and secret are form-encoded inside Basic (section 2.3.1).
func (s *stream) token(ctx context.Context, endpoint string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {streamScope}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(s.config.Push.ClientID), url.QueryEscape(s.config.Push.ClientSecret))
	body, _, err := do(s.config.HTTPClient, r, maxDocument)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil {
		return "", fmt.Errorf("fetching a token with the scope %s: %w", streamScope, err)
	}
	return answer.AccessToken, nil
}

// take applies one event. One that can't be parsed is reported and skipped, as the status lists carry it too.
func (s *stream) take(event serverSentEvent) {
	if event.id != "" {
		s.lastID = event.id
	}
	switch event.kind {
	case "reset": // the issuer does not know lastID: all that still matters follows again, and nothing that was heard is taken back
		s.lastID = ""
		return
	case "revocation":
	default:
		return
	}
	var heard revocation
	err := json.Unmarshal([]byte(event.data), &heard)
	if err == nil && heard.ID == "" && (heard.Index == nil || heard.URI == "") {
		err = errors.New("a revocation of nothing")
	}
	if err == nil {
		s.pushed.add(heard, s.config.Now())
	}
	s.config.OnEvent(Event{Kind: EventRevocation, Err: err})
}
