package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// fetchTimeout is as long as one fetch may take. A status list that hangs is asked for again in good time.
const fetchTimeout = 5 * time.Second

// maxDocument is far above any metadata and any JWK Set of an honest issuer.
const maxDocument = 1 << 20

var errNotModified = errors.New("not modified")

// statusError is an answer other than 200.
type statusError struct{ status string }

func (e statusError) Error() string { return "the answer is " + e.status }

// do sends a request and reads an answer of 200 and at most limit bytes. errNotModified for 304.
func do(client *http.Client, r *http.Request, limit int64) (body []byte, header http.Header, err error) {
	answer, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return nil, nil, errNotModified
	default:
		return nil, nil, statusError{answer.Status}
	}
	body, err = io.ReadAll(http.MaxBytesReader(nil, answer.Body, limit))
	return body, answer.Header, err
}

// fetchJSON gets one JSON document.
func fetchJSON(ctx context.Context, client *http.Client, url string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	body, _, err := do(client, r, maxDocument)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		return fmt.Errorf("fetching %s: %w", url, err)
	}
	return nil
}

// pause waits for about d, a little less so that many gateways do not keep step, and says false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	d -= time.Duration(rand.Int64N(int64(d)/10 + 1)) //nolint:gosec // no secret: it spreads load
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
