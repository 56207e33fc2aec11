package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mintkey/e2e/internal/e2etest"
)

// behindFront is a server whose clients know it by the URL of a front.
func behindFront(t *testing.T) (*deployment, *front) {
	t.Helper()
	f := newFront(t, "")
	d := &deployment{t: t, program: mintkey, dir: t.TempDir()}
	d.env = []string{"MINTKEY_STORE=bolt://" + filepath.Join(d.dir, "mintkey.db")}
	d.first = e2etest.Init(t, mintkey, "load-tests", d.env...)
	server := e2etest.NewServer(t, "server", mintkey, f.URL)
	server.Env = d.env
	d.servers = append(d.servers, server)
	f.passTo(t, server.URL)
	server.Start()
	server.AwaitReady()
	d.admin = d.signIn(d.first.AccessKey, server)
	d.addMember("example")
	return d, f
}

// The examples fetch a token once, use it for each call while it works, and fetch another one when it has ended.
func TestExamples(t *testing.T) {
	t.Parallel()
	d, f := behindFront(t)
	for name, example := range examples(t) {
		t.Run(name, func(t *testing.T) {
			key := d.newKey("example")
			defer d.admin.must(204, "DELETE", d.keysPath()+"/"+key.ClientID, nil, nil)
			run := func(calls, pause int) (asked int64) {
				before := f.asked.Load()
				cmd := exec.Command(example[1], example[2:]...)
				cmd.Dir = example[0]
				cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_URL="+f.URL, "MINTKEY_CLIENT_ID="+key.ClientID,
					"MINTKEY_CLIENT_SECRET="+key.ClientSecret, "MINTKEY_SCOPE=api self", "API_URL="+f.URL+"/me/v1/keys",
					fmt.Sprintf("CALLS=%d", calls), fmt.Sprintf("PAUSE=%d", pause), "XDG_CACHE_HOME="+t.TempDir())
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s: %v\n%s%s", strings.Join(example[1:], " "), err, out, e2etest.StderrOf(err))
				}
				if want := strings.Repeat("200\n", calls); string(out) != want {
					t.Errorf("it prints %q; want %q", out, want)
				}
				return f.asked.Load() - before
			}
			if asked := run(3, 0); asked != 1 {
				t.Errorf("three calls are %d requests for a token; want 1", asked)
			}
			f.life.Store(1)
			defer f.life.Store(0)
			if asked := run(2, 2); asked < 2 { // and more, where a call comes late and finds the token at its end
				t.Errorf("two calls, between which the token ends, are %d requests for a token; want 2", asked)
			}
		})
	}
}

// examples are the folders and the commands of those that can be run here.
func examples(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	inGo := filepath.Join(t.TempDir(), "example")
	if out, err := exec.Command("go", "build", "-o", inGo, "mintkey/examples/go").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	// Its package.json names a library of e2e/node, which is installed there.
	inNode := t.TempDir()
	text, err := os.ReadFile(filepath.Join(root, "examples/node/main.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(inNode, "main.mjs"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "e2e/node/node_modules"), filepath.Join(inNode, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return map[string][]string{
		"go":     {root, inGo},
		"node":   {inNode, "node", "main.mjs"},
		"python": {root, filepath.Join(root, "tools/python"), "examples/python/main.py"},
		"curl":   {root, "examples/curl/call.sh"},
		"java":   {root, "java", "examples/java/Example.java"},
	}
}

// The example says the version with which it is tested.
func TestExampleNamesTheVersionThatIsTested(t *testing.T) {
	type manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	var versions []string
	for _, file := range []string{"../examples/node/package.json", "node/package.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, decode[manifest](t, text).Dependencies["openid-client"])
	}
	if versions[0] == "" || versions[0] != versions[1] {
		t.Errorf("openid-client of the example and of the tests: %q", versions)
	}
}
