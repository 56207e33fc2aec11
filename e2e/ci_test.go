package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
)

// piece is the shell part of a piece for a CI system, as that system would run it.
type piece struct {
	name, shell, script string
	// token finds the token where the system would: in the output, or in a file.
	token func(out, file string) string
	// hides begins the line by which the system is told to hide the token in all that follows; empty where there is no such thing.
	hides string
	// warning begins a line that the system shows as one.
	warning string
}

func pieces(t *testing.T) []piece {
	t.Helper()
	const variable = "##vso[task.setvariable variable=MINTKEY_TOKEN;issecret=true]"
	inFile := func(_, file string) string { return file }
	_, gitlab, _ := strings.Cut(readConfig(t, "ci/gitlab/mintkey-token.yml"), "\n---\n")
	return []piece{
		{
			name: "github", shell: "bash", hides: "::add-mask::", warning: "::warning title=Mintkey::",
			script: find(t, readConfig(t, "ci/github/action.yml"), "runs", "steps", 0, "run"),
			token:  func(_, file string) string { return strings.TrimSpace(strings.TrimPrefix(file, "token=")) },
		},
		{
			name: "gitlab", shell: "sh", warning: "WARNING: ", token: inFile,
			script: find(t, gitlab, ".mintkey-token", "before_script", 0) + `printf %s "$MINTKEY_TOKEN" >"$RESULT"`,
		},
		{
			name: "jenkins", shell: "sh", warning: "WARNING: ", token: inFile,
			script: groovyScript(t, readConfig(t, "ci/jenkins/Jenkinsfile"), "Fetch a token"),
		},
		{
			name: "azure", shell: "bash", hides: variable, warning: "##vso[task.logissue type=warning]",
			script: find(t, readConfig(t, "ci/azure/mintkey-token.yml"), "steps", 0, "bash"),
			token: func(out, _ string) string {
				_, rest, _ := strings.Cut(out, variable)
				token, _, _ := strings.Cut(rest, "\n")
				return token
			},
		},
	}
}

func readConfig(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../configs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find walks down a YAML document by names and indexes to a text.
func find(t *testing.T, document string, path ...any) string {
	t.Helper()
	parsed, err := yaml.Parser().Unmarshal([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	var value any = parsed
	for _, step := range path {
		switch at := value.(type) {
		case map[string]any:
			value = at[fmt.Sprint(step)]
		case []any:
			value = at[step.(int)]
		}
	}
	text, ok := value.(string)
	if !ok {
		t.Fatalf("there is no text at %v", path)
	}
	return text
}

// groovyScript is the script of the step with the label, whose backslashes are doubled in Groovy.
func groovyScript(t *testing.T, file, label string) string {
	t.Helper()
	_, rest, _ := strings.Cut(file, "label: '"+label+"', script: '''")
	script, _, found := strings.Cut(rest, "'''")
	if !found {
		t.Fatalf("the Jenkinsfile has no step %q", label)
	}
	return strings.ReplaceAll(script, `\\`, `\`)
}

// The pieces for CI systems fetch a token, keep it and the secret out of the log, warn before the access key expires, and fail with the
// reason when there is no token.
func TestPiecesForCI(t *testing.T) {
	d := deploy(t, "bolt", 1)
	d.addMember("late")
	d.addMember("soon")
	late := d.newKey("late")
	var soon accessKey
	body := createBody("soon")
	body["expires_at"] = time.Now().Add(10 * 24 * time.Hour).UTC().Format(time.RFC3339)
	d.admin.must(http.StatusCreated, http.MethodPost, d.keysPath(), body, &soon)
	for _, p := range pieces(t) {
		t.Run(p.name, func(t *testing.T) {
			token, out := p.mustRun(t, d.issuer(), late, "MINTKEY_SCOPE=api self")
			mustOpenOwnKeys(t, d, token, late)
			if strings.Contains(out, p.warning) {
				t.Errorf("a warning, though nothing ends soon:\n%s", out)
			}
			token, out = p.mustRun(t, d.issuer()+"/", soon, "MINTKEY_SCOPE=self", "MINTKEY_RESOURCE="+d.issuer())
			mustOpenOwnKeys(t, d, token, soon)
			if !regexp.MustCompile(`(?mi)^` + regexp.QuoteMeta(p.warning) + `access key ` + soon.ClientID + ` expires at 20`).MatchString(out) {
				t.Errorf("no warning of the expiry:\n%s", out)
			}
			wrong := accessKey{ClientID: soon.ClientID, ClientSecret: soon.ClientSecret[:len(soon.ClientSecret)-1] + "-"}
			token, out, err := p.run(t, d.issuer(), wrong)
			if err == nil || token != "" || !strings.Contains(out, "invalid_client") {
				t.Errorf("with a wrong secret: %v, token %q, output:\n%s", err, token, out)
			}
			p.mustHide(t, out, wrong.ClientSecret)
		})
	}
}

func (p piece) mustRun(t *testing.T, url string, key accessKey, env ...string) (token, out string) {
	t.Helper()
	token, out, err := p.run(t, url, key, env...)
	if err != nil || token == "" {
		t.Fatalf("%v, token %q, output:\n%s", err, token, out)
	}
	if p.hides != "" && !strings.Contains(out, p.hides+token+"\n") {
		t.Errorf("the token is not to be hidden:\n%s", out)
	}
	p.mustHide(t, out, token)
	p.mustHide(t, out, key.ClientSecret)
	return token, out
}

// mustHide fails the test if the output has the secret outside of a line that tells the system to hide it.
func (p piece) mustHide(t *testing.T, out, secret string) {
	t.Helper()
	if p.hides != "" {
		out = strings.ReplaceAll(out, p.hides+secret+"\n", "")
	}
	if strings.Contains(out, secret) {
		t.Errorf("the log has a secret:\n%s", out)
	}
}

// run runs the script with nothing but what the system sets.
func (p piece) run(t *testing.T, url string, key accessKey, env ...string) (token, out string, err error) {
	t.Helper()
	folder := t.TempDir()
	result, script := filepath.Join(folder, "mintkey-token"), filepath.Join(folder, "script")
	if err := os.WriteFile(script, []byte(p.script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(p.shell, script)
	cmd.Dir = folder
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "MINTKEY_URL=" + url, "MINTKEY_CLIENT_ID=" + key.ClientID, "MINTKEY_CLIENT_SECRET=" + key.ClientSecret,
		"MINTKEY_SCOPE=", "MINTKEY_RESOURCE=", "GITHUB_OUTPUT=" + result, "RESULT=" + result, "WORKSPACE_TMP=" + folder, "TMPDIR=" + folder,
	}, env...)
	said, err := cmd.CombinedOutput()
	file, _ := os.ReadFile(result) // there is none after a failure
	if left, _ := filepath.Glob(filepath.Join(folder, "tmp.*")); len(left) > 0 {
		t.Errorf("it leaves %v behind", left)
	}
	return p.token(string(said), string(file)), string(said), err
}

// shellcheck finds nothing in the shell parts, nor in the examples for curl.
func TestShellcheck(t *testing.T) {
	check := func(name, shell, script string) {
		cmd := exec.Command("shellcheck", "--shell", shell, "-")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	for _, p := range pieces(t) {
		check(p.name, p.shell, p.script)
	}
	for _, name := range []string{"token.sh", "call.sh"} {
		script, err := os.ReadFile("../examples/curl/" + name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, "sh", string(script))
	}
}

// actionlint finds nothing in the workflow, which uses the action as it is: an input that it does not have would be found.
func TestActionlint(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	actionlint := filepath.Join(folder, "actionlint")
	build := exec.Command("go", "build", "-modfile=tools/ci/go.mod", "-o", actionlint, "github.com/rhysd/actionlint/cmd/actionlint")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if out, err := exec.Command("git", "init", "-q", folder).CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	lint := func(workflow string) string {
		for name, text := range map[string]string{
			".github/workflows/load.yml": workflow, ".github/actions/mintkey-token/action.yml": readConfig(t, "ci/github/action.yml"),
		} {
			file := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(actionlint, "-no-color", ".github/workflows/load.yml")
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Fatal(err)
		}
		return string(out)
	}
	workflow := readConfig(t, "ci/github/workflow.yml")
	if out := lint(workflow); out != "" {
		t.Errorf("actionlint:\n%s", out)
	}
	if out := lint(strings.Replace(workflow, "scope: api", "scopes: api", 1)); !strings.Contains(out, `"scopes"`) {
		t.Errorf("it does not look at the inputs of the action:\n%s", out)
	}
}
