package web_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notRendered are the sentinels that no request can meet, each with the reason.
func notRendered() map[string]string {
	return map[string]string{
		"store.ErrSchemaTooOld":           "refuses to open a store, before there is a server",
		"store.ErrInUse":                  "refuses to open a store, before there is a server",
		"store.ErrNotEmpty":               "refuses to fill a store, where there is no server",
		"tokens.ErrWrongKeyEncryptionKey": "refuses to open the key ring, before there is a server",
		"admin.ErrSessionOver":            "refuses a session of the console, which has a table of its own",
		"policy.ErrOtherPerson":           "refuses a sign-in to the console, which has a table of its own",
		"grants.errNoGrant":               "a bug of the server: internal",
		"admission.errFull":               "becomes ErrOverloaded before it is rendered",
		"ErrNoInfo":                       "a bug in the wiring of the server: internal",
	}
}

// Every sentinel of the packages that a request goes through has a row in the one table that renders errors.
func TestEverySentinelIsRendered(t *testing.T) {
	table := kindsOfTable(t)
	all := map[string]bool{}
	for _, dir := range foldersWithErrors(t) {
		pkg := parseDir(t, dir)[0].Name.Name
		for _, name := range sentinelsOf(t, dir) {
			if pkg != "web" {
				name = pkg + "." + name
			}
			all[name] = true
			if !table[name] && notRendered()[name] == "" {
				t.Errorf("%s is not in renderings(): a request that meets it gets 500", name)
			}
		}
	}
	for name := range notRendered() {
		if table[name] || !all[name] {
			t.Errorf("%s is in renderings(), or is gone: take it off notRendered", name)
		}
	}
	if len(all) < 30 {
		t.Errorf("only %d sentinels found: this looks in the wrong place", len(all))
	}
}

// foldersWithErrors lists the folders whose errors a request can meet here. The console has a table of its own.
func foldersWithErrors(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob("../*/doc.go")
	if err != nil || len(folders) < 8 {
		t.Fatalf("folders %v, %v", folders, err)
	}
	dirs := []string{"../../policy", "../../store", "../../tokens", "../../passwords", "../../admin", ".."}
	for _, file := range folders {
		if dir := filepath.Dir(file); dir == "../web" {
			dirs = append(dirs, ".")
		} else if dir != "../console" && dir != "../openapitest" {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// sentinelsOf lists the package variables whose name begins as that of an error.
func sentinelsOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	sentinel := regexp.MustCompile(`^[eE]rr[A-Z]`)
	for _, file := range parseDir(t, dir) {
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if sentinel.MatchString(name.Name) && (name.IsExported() || !strings.HasPrefix(dir, "../..")) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// kindsOfTable lists what stands after kind: in renderings.
func kindsOfTable(t *testing.T) map[string]bool {
	t.Helper()
	kinds := map[string]bool{}
	for _, file := range parseDir(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			if key, ok := pair.Key.(*ast.Ident); !ok || key.Name != "kind" {
				return true
			}
			switch value := pair.Value.(type) {
			case *ast.Ident:
				kinds[value.Name] = true
			case *ast.SelectorExpr:
				kinds[fmt.Sprintf("%s.%s", value.X, value.Sel)] = true
			}
			return true
		})
	}
	return kinds
}

func parseDir(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
