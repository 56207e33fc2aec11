package console

import (
	"strings"

	"github.com/mileusna/useragent"
)

const maxBrowser = 60

// browserOf puts a browser into words, such as "Firefox on Linux", for the list of sessions. It is empty where the header says nothing known.
func browserOf(header string) string {
	ua := useragent.Parse(header[:min(len(header), 512)])
	words := strings.TrimSpace(ua.Name)
	if ua.OS != "" && words != "" {
		words += " on " + ua.OS
	}
	return strings.ToValidUTF8(words[:min(len(words), maxBrowser)], "")
}
