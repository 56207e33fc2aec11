package console_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The scripts of a page share one global scope: a name that two of them declare stops the second one before it has done anything.
func TestScriptsShareNoName(t *testing.T) {
	files, err := filepath.Glob("static/*.js")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d scripts found: %v", len(files), err)
	}
	declared, owners := regexp.MustCompile(`(?m)^(?:const|let|var|class|function|async function) +(\w+)`), map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			if other := owners[name[1]]; other != "" && other != file {
				t.Errorf("%s and %s both declare %s", other, file, name[1])
			}
			owners[name[1]] = file
		}
	}
}
