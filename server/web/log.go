package web

import (
	"regexp"

	"mintkey/policy"
)

// linkCode is what rand.Text makes. Links of the console have one in their path, wherever a client or a proxy puts it.
var linkCode = regexp.MustCompile(`[A-Z2-7]{26}`)

// ForLog is what a request may leave in the log: no secret, and no code of a link.
func ForLog(text string) string {
	return linkCode.ReplaceAllString(policy.WithoutSecrets(text), "[redacted]")
}
