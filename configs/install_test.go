package configs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs makes a folder for PATH that has what a script needs to run, and the given programs, which are shell scripts.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name := range strings.FieldsSeq("bash sh awk cat chmod echo dirname env grep head id mktemp mv rm sort tail tee xargs") {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func install(t *testing.T, path string, env []string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.Command("../tools/install", args...)
	cmd.Env = append([]string{"PATH=" + path, "TMPDIR=" + t.TempDir()}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// On a stock Debian 12, with its Go and its Node.js, tools/install says all that is wrong at once, and changes nothing.
func TestInstallSaysAtOnceWhatIsMissing(t *testing.T) {
	touched := filepath.Join(t.TempDir(), "touched")
	old := map[string]string{
		"go":        `test "$1" = version && echo "go version go1.19.8 linux/amd64"`,
		"node":      "echo 18.20.4",
		"apt-get":   "touch " + touched,
		"apt-cache": "exit 0",
	}
	for _, args := range [][]string{{"--check"}, nil} {
		out, err := install(t, programs(t, old), nil, args...)
		if err == nil {
			t.Errorf("%v: no error", args)
		}
		for _, want := range []string{"Go 1.", "this is 1.19.8", "Node.js 20 or later is needed, and this is 18.20.4", "make quick"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: %q is missing in\n%s", args, want, out)
			}
		}
	}
	// Without a Node.js, the one that apt would install counts.
	delete(old, "node")
	old["apt-cache"] = `printf 'nodejs:\n  Installed: (none)\n  Candidate: 18.20.4+dfsg-1~deb12u1\n'`
	out, err := install(t, programs(t, old), nil)
	if err == nil || !strings.Contains(out, "nodejs of this system is 18.20.4+dfsg-1") || !strings.Contains(out, "this is 1.19.8") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("apt-get was run, although it could not help")
	}
}

// While apt installs, Debian is told to start no service; afterwards everything is as it was.
func TestInstallStartsNoService(t *testing.T) {
	dir := t.TempDir()
	policy, answer := filepath.Join(dir, "policy-rc.d"), filepath.Join(dir, "answer")
	path := programs(t, map[string]string{
		"go": `echo "go version go1.99.0 linux/amd64"`, "node": "echo 20.1.0", "sudo": `exec "$@"`, "apt-cache": "exit 0",
		"apt-get": policy + "; echo $? >" + answer,
	})
	check := func(want string) {
		t.Helper()
		out, err := install(t, path, []string{"POLICY_RC_D=" + policy})
		if err == nil || !strings.Contains(out, "could not install: ") { // this apt-get installs nothing
			t.Errorf("%v\n%s", err, out)
		}
		if got, err := os.ReadFile(answer); err != nil || string(got) != "101\n" {
			t.Errorf("services would be started: %q %v", got, err)
		}
		got, err := os.ReadFile(policy)
		if string(got) != want || err == nil != (want != "") {
			t.Errorf("the policy is left as %q, %v", got, err)
		}
	}
	check("")
	const own = "#!/bin/sh\nexit 104\n"
	if err := os.WriteFile(policy, []byte(own), 0o755); err != nil {
		t.Fatal(err)
	}
	check(own)

	// Killed, it can put nothing back, and does so when it runs the next time.
	answers := filepath.Join(path, "apt-get")
	working, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(answers, []byte("#!/bin/sh\nkill -9 $PPID\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := install(t, path, []string{"POLICY_RC_D=" + policy}); err == nil || strings.Contains(out, "could not") {
		t.Fatalf("it is not killed: %v\n%s", err, out)
	}
	if left, err := os.ReadFile(policy); err != nil || !strings.Contains(string(left), "exit 101") {
		t.Fatalf("killed, it leaves the policy %q, %v", left, err)
	}
	if err := os.WriteFile(answers, working, 0o755); err != nil {
		t.Fatal(err)
	}
	check(own)
	if left, err := filepath.Glob(policy + "?*"); err != nil || len(left) > 0 {
		t.Errorf("beside the policy there is %v, %v", left, err)
	}
}

// A build after go run compiles nothing again: the flags that change what the compiler makes are the same, namely none.
func TestMakeBuildHasTheFlagsOfGoRun(t *testing.T) {
	cmd := exec.Command("make", "-C", "..", "-n", "--no-print-directory", "build")
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got != "go build -o bin/ ./cmd/mintkey" {
		t.Errorf("make build runs %s", got)
	}
}
