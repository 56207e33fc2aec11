package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/configs"
)

const hookSecret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"

// Each setting that is a secret, or a URL that can have one, can be in a file.
func TestEverySecretCanBeInAFile(t *testing.T) {
	names := map[string]bool{}
	for _, s := range configs.Settings() {
		names[s.Name] = true
	}
	for _, s := range configs.Settings() {
		if (s.Kind == "secret" || s.Kind == "URL") && !names[s.Name+"_file"] {
			t.Errorf("%s is a secret and there is no %s_file", s.Name, s.Name)
		}
	}
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sources := configs.Sources{
		Environ: []string{
			"HOME=" + dir,
			"MINTKEY_STORE_FILE=" + file("store", "redis://:hunter2@127.0.0.1:6379/0\n"),
			"MINTKEY_SMTP_URL_FILE=" + file("smtp", "  smtps://ada:hunter2@mail.example.com:465\r\n\n"),
			"MINTKEY_WEBHOOK_SECRET_FILE=~/hook", "MINTKEY_SMTP_FROM=mintkey@example.com", "MINTKEY_OIDC_CLIENT_ID=mintkey",
		},
		Flags: map[string]string{
			"webhook.url_file": file("url", "https://hooks.example.com/hunter2"), "oidc.issuer": "https://login.example.com",
			"oidc.client_secret_file": file("oidc", "hunter3"),
		},
	}
	file("hook", hookSecret+"\n")
	config := load(t, sources)
	got := []string{
		config.Store.Reveal(), config.SMTP.URL.Reveal(), config.Webhook.Secret.Reveal(), config.Webhook.URL.Reveal(),
		config.OIDC.ClientSecret.Reveal(), config.StoreKind(),
	}
	want := []string{
		"redis://:hunter2@127.0.0.1:6379/0", "smtps://ada:hunter2@mail.example.com:465", hookSecret, "https://hooks.example.com/hunter2",
		"hunter3", "redis",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := len(config.SecretFiles()); got != 5 {
		t.Errorf("%d files, want 5: %v", got, config.SecretFiles())
	}

	// Again, with another secret; what is wrong changes nothing.
	file("oidc", "hunter4")
	again, err := config.Reread()
	if err != nil || again.OIDC.ClientSecret.Reveal() != "hunter4" || config.OIDC.ClientSecret.Reveal() != "hunter3" {
		t.Errorf("read again: %v, %q", err, again.OIDC.ClientSecret.Reveal())
	}
	file("hook", "hunter5")
	kept, err := again.Reread()
	if err == nil || !strings.Contains(err.Error(), "webhook.secret (in "+dir) || strings.Contains(err.Error(), "hunter5") {
		t.Errorf("a bad secret: %v", err)
	}
	if kept.Webhook.Secret.Reveal() != hookSecret {
		t.Errorf("the secret became %q", kept.Webhook.Secret.Reveal())
	}
	if err := os.Remove(filepath.Join(dir, "oidc")); err != nil {
		t.Fatal(err)
	}
	_, err = again.Reread()
	if diff := cmp.Diff([]string{"webhook.secret", "oidc.client_secret_file"}, configs.Wrong(err)); diff != "" {
		t.Errorf("a bad secret and a missing file, of which both are named (-want +got):\n%s", diff)
	}
}

func TestSecretFilesThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	empty, big := filepath.Join(dir, "empty"), filepath.Join(dir, "big")
	for path, text := range map[string]string{empty: " \n", big: strings.Repeat("x", 1<<17)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, environ := range map[string][]string{
		"webhook.url_file (MINTKEY_WEBHOOK_URL_FILE): " + pipe + " is no regular file": {"MINTKEY_WEBHOOK_URL_FILE=" + pipe}, // nobody writes
		"smtp.url_file (MINTKEY_SMTP_URL_FILE): cannot be set together with smtp.url": {
			"MINTKEY_SMTP_URL_FILE=" + empty, "MINTKEY_SMTP_URL=smtp://127.0.0.1:25", "MINTKEY_SMTP_FROM=a@example.com",
		},
		"store_file (MINTKEY_STORE_FILE): cannot be set together with store": {"MINTKEY_STORE_FILE=" + empty, "MINTKEY_STORE=bolt://x"},
		"oidc.client_secret_file (MINTKEY_OIDC_CLIENT_SECRET_FILE): " + empty + " is empty": {
			"MINTKEY_OIDC_CLIENT_SECRET_FILE=" + empty,
		},
		"webhook.secret_file (MINTKEY_WEBHOOK_SECRET_FILE): " + dir + " is a folder": {
			"MINTKEY_WEBHOOK_SECRET_FILE=" + dir,
		},
		"webhook.url_file (MINTKEY_WEBHOOK_URL_FILE): stat " + dir + "/none: no such file": {
			"MINTKEY_WEBHOOK_URL_FILE=" + dir + "/none",
		},
		"webhook.secret_file (MINTKEY_WEBHOOK_SECRET_FILE): " + big + " has more than 65536 bytes": {
			"MINTKEY_WEBHOOK_SECRET_FILE=" + big,
		},
		"smtp.url_file (MINTKEY_SMTP_URL_FILE): a path can begin with ~/ where HOME is set": {
			"MINTKEY_SMTP_URL_FILE=~/smtp",
		},
	} {
		if _, err := configs.Load(configs.Sources{Environ: environ}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
