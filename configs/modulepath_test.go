package configs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// copyOfTheRepository has what git tracks or would track, as it is now.
func copyOfTheRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := `cd .. && git ls-files -z --cached --others --exclude-standard | xargs -0 sh -c '
		for f; do [ ! -e "$f" ] || cp --parents "$f" "$0"; done' "$1" && cd "$1" && git init -q && git add -A`
	if out, err := exec.Command("bash", "-euo", "pipefail", "-c", script, "copy", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "PWD="+dir) // what is needed is in the module cache
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tools/module-path leaves nothing of the old name, and what it makes is still a module: its packages are found, and verify passes vet.
func TestModulePathRenamesTheModuleEverywhere(t *testing.T) {
	const name = "example.com/acme/mintkey"
	dir := copyOfTheRepository(t)
	runIn(t, dir, "tools/module-path", name)
	if got := strings.TrimSpace(runIn(t, dir, "go", "list", "-m")); got != name {
		t.Errorf("the module is %s", got)
	}
	for path := range strings.FieldsSeq(runIn(t, dir, "go", "list", "./...")) {
		if !strings.HasPrefix(path, name+"/") {
			t.Errorf("a package is %s", path)
		}
	}
	runIn(t, dir, "go", "list", "-deps", "-test", "./...") // every import leads somewhere
	runIn(t, dir, "go", "vet", "./verify")
	rules, err := os.ReadFile(filepath.Join(dir, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if left := regexp.MustCompile(`(?m)^.*[\s\["]mintkey/.*$|module-path: mintkey$`).FindAllString(string(rules), -1); left != nil {
		t.Errorf("left in .golangci.yml: %q", left)
	}
	runIn(t, dir, "tools/module-path", "example.com/other/mintkey") // and again
}

// Before the module is published, another one imports verify with the commands of docs/gateways/go.md.
func TestVerifyIsImportedAsThePageSays(t *testing.T) {
	page, err := os.ReadFile("../docs/gateways/go.md")
	if err != nil {
		t.Fatal(err)
	}
	edit := regexp.MustCompile(`(?m)^go (mod edit .*)$`).FindStringSubmatch(string(page))
	if edit == nil {
		t.Fatal("the page has no go mod edit")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	module := strings.TrimSpace(runIn(t, root, "go", "list", "-m"))
	dir := t.TempDir()
	program := "package main\n\nimport _ \"" + module + "/verify\"\n\nfunc main() {}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	runIn(t, dir, "go", "mod", "init", "example.com/api")
	runIn(t, dir, "go", strings.Fields(strings.ReplaceAll(edit[1], "../mintkey", root))...)
	runIn(t, dir, "go", "list", "-mod=mod", "-deps", ".")
}
