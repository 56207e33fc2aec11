package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A link from one page to a file of the repository leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	checked := 0
	for page, text := range files(t, ".md") {
		for _, target := range column(link, text) {
			if strings.Contains(target, "://") || strings.Contains(target, "…") {
				continue
			}
			checked++
			if _, err := fs.Stat(os.DirFS(root), path.Join(path.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", filepath.FromSlash(page), target)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d links were found: the search must have missed some", checked)
	}
}
