package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// route is one that the source of the console registers.
type route struct {
	wrapper, method, path string // who may reach it: open, page, fresh or early
}

// routes reads them all from the source, so that a test that asks something of each of them misses none.
func routes(t *testing.T) (all []route) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	constants := map[string]string{}
	var value func(expression string) string
	value = func(expression string) (text string) {
		for part := range strings.SplitSeq(expression, "+") {
			if part = strings.TrimSpace(part); strings.HasPrefix(part, `"`) {
				text += strings.Trim(part, `"`)
			} else {
				text += value(constants[part])
			}
		}
		return text
	}
	for _, found := range regexp.MustCompile(`(?m)^(?:const |\t)(\w+Path) += ([^\n]*")`).FindAllStringSubmatch(source.String(), -1) {
		constants[found[1]] = found[2]
	}
	registered := regexp.MustCompile(`\b(open|page|fresh|early)\(("(?:GET|POST) [^,\n]+), `)
	for _, found := range registered.FindAllStringSubmatch(source.String(), -1) {
		method, path, _ := strings.Cut(value(found[2]), " ")
		if !strings.HasPrefix(path, "/console") {
			t.Fatalf("%s is no path of the console: %s", found[2], path)
		}
		all = append(all, route{found[1], method, path})
	}
	if len(all) < 100 {
		t.Fatalf("only %d routes were found", len(all))
	}
	return all
}
