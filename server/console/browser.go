package console

import (
	"strings"

	"github.com/mileusna/useragent"

	"mintkey/policy"
)

const maxBrowser = 60

// browserOf puts a browser into words, such as "Firefox on Linux", for people and the trail. Anybody can send anything, so what is no short
// name is left out.
func browserOf(header string) string {
	ua := useragent.Parse(header[:min(len(header), 512)])
	words := strings.TrimSpace(ua.Name)
	if ua.OS != "" && words != "" {
		words += " on " + ua.OS
	}
	if len(words) > maxBrowser || policy.CheckName(words) != nil {
		return ""
	}
	return policy.WithoutSecrets(words)
}
