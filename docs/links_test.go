package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A link from one page to a file of the repository, or to a section of a page, leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	checked := 0
	sections := map[string]map[string]bool{}
	for page, text := range files(t, ".md") {
		sections[page] = anchors(text)
	}
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
	for page, text := range files(t, ".md") {
		for _, link := range regexp.MustCompile(`\]\(([^)#\s]*)#([^)\s]+)\)`).FindAllStringSubmatch(text, -1) {
			target := page
			if link[1] != "" {
				target = path.Join(path.Dir(page), link[1])
			}
			if headings, ok := sections[target]; ok && !headings[link[2]] {
				t.Errorf("%s links to %s#%s, and there is no such section", filepath.FromSlash(page), target, link[2])
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d links were found: the search must have missed some", checked)
	}
}

// anchors are the names that GitHub gives the sections of a page.
func anchors(page string) map[string]bool {
	page = regexp.MustCompile("(?s)```.*?```").ReplaceAllString(page, "")
	named := map[string]bool{}
	times := map[string]int{}
	for _, heading := range column(regexp.MustCompile(`(?m)^#+ +(.+)$`), page) {
		heading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(heading, "$1")
		name := regexp.MustCompile(`[^\pL\pN_ -]`).ReplaceAllString(strings.ToLower(heading), "")
		name = strings.ReplaceAll(name, " ", "-")
		anchor := name
		if n := times[name]; n > 0 {
			anchor += "-" + strconv.Itoa(n)
		}
		times[name]++
		named[anchor] = true
	}
	return named
}
