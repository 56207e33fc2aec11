package adminapi

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"mintkey/admin"
	"mintkey/server/web"
)

// maxIdempotencyKey is how long an Idempotency-Key can be, in bytes.
const maxIdempotencyKey = 255

// retried identifies the request by its Idempotency-Key, if it has one, and by its path and body, so that its repeat is known (R37).
func (c *Call) retried(body any) (admin.Request, error) {
	given := c.Header.Values("Idempotency-Key")
	if len(given) == 0 {
		return admin.Request{}, nil
	}
	printable := func(r rune) bool { return r > ' ' && r <= '~' }
	if len(given) > 1 || given[0] == "" || len(given[0]) > maxIdempotencyKey || strings.TrimFunc(given[0], printable) != "" {
		return admin.Request{}, web.Refuse(web.ErrInvalidRequest,
			"There is one Idempotency-Key, of 1 to %d printable ASCII characters without spaces.", maxIdempotencyKey)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return admin.Request{}, fmt.Errorf("write the body: %w", err)
	}
	return admin.Request{
		IdempotencyKey: given[0],
		Digest:         sha256.Sum256(append([]byte(c.Method+" "+c.URL.EscapedPath()+"\n"), text...)),
	}, nil
}
