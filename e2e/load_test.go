package e2e_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// The script for k6 fetches one token for a virtual user, and another one before it ends. Its modules are those of node/k6 here: this tests
// the script against a server, and not that k6 runs it.
func TestK6Script(t *testing.T) {
	t.Parallel()
	d := deploy(t, "bolt", 1)
	d.addMember("load")
	f, key := newFront(t, d.servers[0].URL), d.newKey("load")
	folder := t.TempDir()
	for _, name := range []string{"mintkey.js", "script.js"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(readConfig(t, "load/k6/"+name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "package.json"), []byte(`{"type":"module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs("node/k6")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "node_modules"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules", "k6")); err != nil {
		t.Fatal(err)
	}
	run := func(iterations, pause string) (asked int64) {
		t.Helper()
		before := f.asked.Load()
		cmd := exec.Command("node", filepath.Join(modules, "run.mjs"))
		cmd.Dir = folder
		cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_URL="+f.URL+"/", "MINTKEY_CLIENT_ID="+key.ClientID,
			"MINTKEY_CLIENT_SECRET="+key.ClientSecret, "MINTKEY_SCOPE=api self", "API_URL="+f.URL+"/me/v1/keys",
			"ITERATIONS="+iterations, "PAUSE="+pause)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return f.asked.Load() - before
	}
	if asked := run("3", "0"); asked != 1 {
		t.Errorf("three iterations are %d requests for a token; want 1", asked)
	}
	f.life.Store(10)
	if asked := run("2", "6800"); asked != 2 { // after two thirds of its life, while it still works
		t.Errorf("two iterations, between which a token has to be renewed, are %d requests for a token; want 2", asked)
	}
}

// The test plan for JMeter is well-formed, and each element has the tree of its children after it, without which JMeter doesn't read it.
func TestJMeterPlan(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(readConfig(t, "load/jmeter/mintkey.jmx")))
	var path []string
	wantsTree, elements := false, 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(path) > 0 && path[len(path)-1] == "hashTree" {
				isTree := token.Name.Local == "hashTree"
				if isTree != wantsTree {
					t.Errorf("line %d: %s where an element and its tree should take turns", line(decoder), token.Name.Local)
				}
				wantsTree = !isTree
				elements++
			}
			path = append(path, token.Name.Local)
		case xml.EndElement:
			if token.Name.Local == "hashTree" && wantsTree {
				t.Errorf("line %d: the last element has no tree", line(decoder))
			}
			path = path[:len(path)-1]
		}
	}
	if elements < 10 {
		t.Errorf("only %d elements were found", elements)
	}
}

func line(decoder *xml.Decoder) int {
	line, _ := decoder.InputPos()
	return line
}
