package web

import (
	"regexp"

	"mintkey/policy"
)

// linkCode matches what rand.Text makes. Links of the console have one in their path, anywhere a client or a proxy may put it.
var linkCode = regexp.MustCompile(`[A-Z2-7]{26}`)

// ForLog returns the text of a request without secrets and link codes, for the log.
func ForLog(text string) string {
	return linkCode.ReplaceAllString(policy.WithoutSecrets(text), "[redacted]")
}
