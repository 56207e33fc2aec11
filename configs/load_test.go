package configs_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/configs"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mintkey.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, sources configs.Sources) configs.Config {
	t.Helper()
	config, err := configs.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// revealed compares secrets by what they hide.
func revealed() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(a, b configs.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b configs.SecretURL) bool { return a.Reveal() == b.Reveal() }),
	}
}

func TestDefaults(t *testing.T) {
	got := load(t, configs.Sources{})
	want := configs.Config{
		Listen:         "127.0.0.1:8080",
		OpsListen:      "127.0.0.1:9464",
		MaxConnections: 10_000,
		Store:          configs.NewSecretURL("bolt://data/mintkey.db"),
		Tokens:         configs.Tokens{Lifetime: 15 * time.Minute, Algorithm: "ES256"},
		Scopes:         []string{"api"},
		ClientID:       configs.ClientID{Prefix: "mk_"},
		SigningKeys:    configs.SigningKeys{RotateEvery: 720 * time.Hour},
		Audit:          configs.Audit{Retention: 400 * 24 * time.Hour, ArchiveAfter: 30 * 24 * time.Hour},
		Log:            configs.Log{Level: "info", Format: "text"},
		Drain:          5 * time.Second,
		ShutdownGrace:  15 * time.Second,
	}
	if diff := cmp.Diff(want, got, revealed()); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestFlagsWinOverEnvironmentOverFileOverDefaults(t *testing.T) {
	sources := configs.Sources{}
	for _, step := range []struct {
		want time.Duration
		add  func()
	}{
		{15 * time.Minute, func() {}},
		{2 * time.Minute, func() { sources.File = write(t, "tokens: {lifetime: 2m}\n") }},
		{3 * time.Minute, func() { sources.Environ = []string{"PATH=/bin", "MINTKEY_TOKENS_LIFETIME=3m"} }},
		{4 * time.Minute, func() { sources.Flags = map[string]string{"tokens.lifetime": "4m"} }},
	} {
		step.add()
		if got := load(t, sources).Tokens.Lifetime; got != step.want {
			t.Errorf("lifetime = %v, want %v", got, step.want)
		}
	}
}

func TestOneNameThreeSpellings(t *testing.T) {
	spellings := map[string][2]string{}
	for _, s := range configs.Settings() {
		spellings[s.Name] = [2]string{s.Env(), s.Flag()}
	}
	for name, want := range map[string][2]string{
		"smtp.url":                  {"MINTKEY_SMTP_URL", "smtp-url"},
		"ops_listen":                {"MINTKEY_OPS_LISTEN", "ops-listen"},
		"signing_keys.rotate_every": {"MINTKEY_SIGNING_KEYS_ROTATE_EVERY", "signing-keys-rotate-every"},
	} {
		if spellings[name] != want {
			t.Errorf("%s is spelt %v, want %v", name, spellings[name], want)
		}
	}
}

func TestListsAndSwitches(t *testing.T) {
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	fromFile := load(t, configs.Sources{File: write(t, "trusted_proxies:\n- 10.1.2.3/8\n- 192.0.2.7\nstore_strict: true\n")})
	fromEnv := load(t, configs.Sources{Environ: []string{"MINTKEY_TRUSTED_PROXIES=10.0.0.0/8, ::ffff:192.0.2.7", "MINTKEY_STORE_STRICT=true"}})
	for source, config := range map[string]configs.Config{"file": fromFile, "environment": fromEnv} {
		if diff := cmp.Diff(want, config.TrustedProxies, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s: trusted_proxies (-want +got):\n%s", source, diff)
		}
		if !config.StoreStrict {
			t.Errorf("%s: store_strict is off", source)
		}
	}
}

func TestDays(t *testing.T) {
	want := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for name, sources := range map[string]configs.Sources{
		"a date in the file":   {File: write(t, "passwords:\n  sunset: 2027-01-31\n")},
		"text in the file":     {File: write(t, "passwords:\n  sunset: \"2027-01-31\"\n")},
		"a time in a variable": {Environ: []string{"MINTKEY_PASSWORDS_SUNSET=2027-01-31T02:00:00+02:00"}},
		"a day in a flag":      {Flags: map[string]string{"passwords.sunset": "2027-01-31"}},
	} {
		if got := load(t, sources).Passwords.Sunset; !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestOpsListenCanBeTurnedOff(t *testing.T) {
	if got := load(t, configs.Sources{Environ: []string{"MINTKEY_OPS_LISTEN="}}).OpsListen; got != "" {
		t.Errorf("ops_listen = %q, want it empty", got)
	}
}

func TestVariablesThatAreNoSettings(t *testing.T) {
	load(t, configs.Sources{Environ: []string{
		"MINTKEY_URL=http://x", "MINTKEY_CLIENT_ID=mk_1", "MINTKEY_CLIENT_SECRET=mks_1", "MINTKEY_CONFIG=", "MINTKEY_PROFILE=",
		// What Kubernetes adds beside services called mintkey and mintkey-redis.
		"MINTKEY_SERVICE_HOST=10.0.0.1", "MINTKEY_SERVICE_PORT=80", "MINTKEY_SERVICE_PORT_HTTP=80", "MINTKEY_PORT=tcp://10.0.0.1:80",
		"MINTKEY_PORT_80_TCP=tcp://10.0.0.1:80", "MINTKEY_PORT_80_TCP_ADDR=10.0.0.1", "MINTKEY_REDIS_SERVICE_HOST=10.0.0.2",
	}})
}

func TestWrongValuesNameTheirSetting(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{"listen", "8080"},
		{"listen", "127.0.0.1:99999"},
		{"ops_listen", "localhost"},
		{"passwords.sunset", "31.1.2027"},
		{"issuer", "mintkey.example.com"},
		{"issuer", "https://mintkey.example.com/"},
		{"issuer", "https://mintkey.example.com?x=1"},
		{"issuer", "https://user@mintkey.example.com"},
		{"issuer", "ftp://mintkey.example.com"},
		{"issuer", "HTTPS://mintkey.example.com"},
		{"issuer", "https://mintkey.example.com/"},
		{"issuer", "https://example.com/mintkey"},
		{"issuer", "https://example.com/a/../b"},
		{"issuer", "https://example.com/a b"},
		{"issuer", "https://example.com:x"},
		{"issuer", "https://exämple.com"},
		{"issuer", "https://a b"},
		{"console_url", "https://example.com/mintkey"},
		{"store", "postgres://host/db"},
		{"store", "bolt://"},
		{"store_tls.ca", "ca.pem"}, // of a bolt store
		{"store_tls.cert", "cert.pem"},
		{"store_strict", "perhaps"},
		{"tokens.lifetime", "15"},
		{"tokens.lifetime", "59s"},
		{"tokens.lifetime", "25h"},
		{"tokens.algorithm", "HS256"},
		{"tokens.audiences", "an audience"},
		{"tokens.audience_algorithms", "https://a.example.com=HS256"},
		{"tokens.audience_algorithms", "https://unknown.example.com=RS256"},
		{"scopes", ""},
		{"scopes", `a"b`},
		{"scopes", "api,keys:write"},
		{"tokens.audience_algorithms", "https://only.example.com=EdDSA"},
		{"client_id.preset", "jenkins"},
		{"client_id.prefix", "mk:"},
		{"client_id.suffix", "%40"},
		{"signing_keys.encryption_key", "c2hvcnQ="},
		{"signing_keys.rotate_every", "1m"},
		{"docs_url", "javascript:alert(1)"},
		{"docs_url", "wiki.example.com"},
		{"smtp.url", "http://mail.example.com"},
		{"smtp.url", "smtp://"},
		{"smtp.url", "smtp://mail.example.com?tls=maybe"},
		{"smtp.url", "smtps://mail.example.com?tls=required"},
		{"smtp.from", "nobody"},
		{"webhook.url", "example.com/hook"},
		{"webhook.secret", "hunter2"},
		{"webhook.secret", "whsec_c2hvcnQ="},
		{"oidc.client_id", "mintkey"},
		{"oidc.client_secret", "hunter2"},
		{"oidc.account", "acme"},
		{"oidc.name", "Example"},
		{"oidc.only", "true"},
		{"oidc.assume_email_verified", "true"},
		{"tls.cert", ""}, // beside the key below
		{"trusted_proxies", "10.0.0.0/99"},
		{"log.level", "verbose"},
		{"log.format", "xml"},
		{"max_connections", "-1"},
		{"max_connections", "many"},
		{"drain", "-1s"},
		{"drain", "11m"},
		{"shutdown_grace", "-1s"},
	} {
		t.Run(row.name+"="+row.value, func(t *testing.T) {
			flags := map[string]string{row.name: row.value}
			if row.name == "tls.cert" {
				flags["tls.key"] = "key.pem"
			}
			_, err := configs.Load(configs.Sources{Flags: flags})
			var wrong *configs.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("err = %v, want a *configs.Error", err)
			}
			source := "--" + strings.NewReplacer(".", "-", "_", "-").Replace(row.name)
			if wrong.Setting != row.name || wrong.Source != source || wrong.Problem == "" {
				t.Errorf("err = %v, want it to name %s and %s", err, row.name, source)
			}
		})
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	path := write(t, "tokens: {lifetime: soon, algorithm: HS256}\nsmpt: {url: x}\n")
	_, err := configs.Load(configs.Sources{
		File: path, Environ: []string{"MINTKEY_LOG_LEVEL=loud", "MINTKEY_TOKEN_LIFETIME=1m", "MINTKEY_SMTP_URL_FILE=/none/url"},
	})
	got := strings.Split(fmt.Sprint(err), "\n")
	want := []string{
		"MINTKEY_TOKEN_LIFETIME (environment): there is no such setting; did you mean MINTKEY_TOKENS_LIFETIME?",
		"smpt.url (in " + path + "): there is no such setting; did you mean smtp.url?",
		"tokens.lifetime (in " + path + `): "soon" is not a duration such as 90s, 15m, 24h or 30d`,
		"tokens.algorithm (in " + path + `): "HS256" must be one of ES256, RS256, EdDSA, Ed25519`,
		"smtp.url_file (MINTKEY_SMTP_URL_FILE): stat /none/url: no such file or directory",
		`log.level (MINTKEY_LOG_LEVEL): "loud" must be one of debug, info, warn, error`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestBrokenFiles(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":            "listen: [",
		"twice":               "listen: a:1\nlisten: b:2\n",
		"a group as a value":  "smtp: hello\n",
		"a value as a group":  "listen: {port: 80}\n",
		"a value as a list":   "issuer: [http://a, http://b]\n",
		"a list within lists": "scopes: [[api]]\n",
	} {
		if _, err := configs.Load(configs.Sources{File: write(t, text)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := configs.Load(configs.Sources{File: missing}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing file: err = %v, want it to name %s", err, missing)
	}
}

func TestSecretsAreRedacted(t *testing.T) {
	config := load(t, configs.Sources{Flags: map[string]string{
		"store":                       "redis-sentinel://admin:hunter2@a:1,b:2/0?sentinel_password=hunter2",
		"smtp.url":                    "smtp://ada:hunter2@mail.example.com:587",
		"smtp.from":                   "mintkey@example.com",
		"webhook.url":                 "https://ada:hunter2@example.com/?token=hunter2",
		"webhook.secret":              "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
		"signing_keys.encryption_key": "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
		"oidc.issuer":                 "https://login.example.com",
		"oidc.client_id":              "mintkey",
		"oidc.client_secret":          "hunter2",
	}})
	type holder struct{ config configs.Config }
	printed := fmt.Sprintf("%v %+v %#v %s %q %+v", config, config, config, config.Store, config.SMTP.URL, holder{config})
	if strings.Contains(printed, "hunter2") || strings.Contains(printed, "aHVudGVy") {
		t.Errorf("a secret is printed: %s", printed)
	}
	if want := "redis-sentinel://[redacted]@a:1,b:2/0?[redacted]"; config.Store.String() != want {
		t.Errorf("store prints as %s, want %s", config.Store, want)
	}
	_, err := configs.Load(configs.Sources{Flags: map[string]string{"smtp.url": "smtp://ada:hun%ter2@mail", "store": "mysql://hunter2"}})
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "hun%ter2") {
		t.Errorf("err = %v, want one without the secrets", err)
	}
}

func TestIssuerAt(t *testing.T) {
	https := configs.Config{TLS: configs.TLS{Cert: "c", Key: "k"}}
	for _, row := range []struct {
		config        configs.Config
		address, want string
	}{
		{configs.Config{}, "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{configs.Config{}, "[::]:8080", "http://127.0.0.1:8080"},
		{configs.Config{}, ":8080", "http://127.0.0.1:8080"},
		{https, "[2001:db8::1]:443", "https://[2001:db8::1]:443"},
		{configs.Config{Issuer: "https://mintkey.example.com"}, "127.0.0.1:8080", "https://mintkey.example.com"},
	} {
		if got := row.config.IssuerAt(row.address); got != row.want {
			t.Errorf("issuer at %s = %s, want %s", row.address, got, row.want)
		}
	}
}

func TestAlgorithmFor(t *testing.T) {
	config := load(t, configs.Sources{Flags: map[string]string{
		"tokens.audiences": "https://a.example.com,https://b.example.com/?x=1", "tokens.audience_algorithms": "https://b.example.com/?x=1=RS256",
	}})
	if got := config.AlgorithmFor("https://a.example.com"); got != "ES256" {
		t.Errorf("a signs with %s, want ES256", got)
	}
	if got := config.AlgorithmFor("https://b.example.com/?x=1"); got != "RS256" {
		t.Errorf("b signs with %s, want RS256", got)
	}
}

// The issuer is an audience always, so it does not count among those that are configured, and can have an algorithm of its own.
func TestIssuerIsNoConfiguredAudience(t *testing.T) {
	const issuer = "https://id.example.com"
	for _, c := range []struct{ audiences, want string }{
		{"", ""}, {issuer, ""}, {"https://a.example.com," + issuer + ",https://b.example.com", "https://a.example.com,https://b.example.com"},
	} {
		config, err := configs.Load(configs.Sources{Flags: map[string]string{
			"issuer": issuer, "tokens.audiences": c.audiences, "tokens.audience_algorithms": issuer + "=RS256",
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(config.APIAudiences(issuer), ","); got != c.want || config.AlgorithmFor(issuer) != "RS256" {
			t.Errorf("%q: %q, %s", c.audiences, got, config.AlgorithmFor(issuer))
		}
	}
}

func TestHomeFolderInPaths(t *testing.T) {
	sources := configs.Sources{
		Environ: []string{"HOME=/home/ada", "MINTKEY_SIGNING_KEYS_ENCRYPTION_KEY_FILE=~/kek"},
		Flags:   map[string]string{"store": "bolt://~/mintkey.db", "tls.cert": "~/tls/cert.pem", "tls.key": "/etc/~/key.pem"},
	}
	config := load(t, sources)
	got := []string{config.Store.Reveal(), config.SigningKeys.EncryptionKeyFile, config.TLS.Cert, config.TLS.Key}
	want := []string{"bolt:///home/ada/mintkey.db", "/home/ada/kek", "/home/ada/tls/cert.pem", "/etc/~/key.pem"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, sources := range map[string]configs.Sources{
		"no HOME":     {Flags: map[string]string{"store": "bolt://~/mintkey.db"}},
		"other user":  {Environ: []string{"HOME=/home/ada"}, Flags: map[string]string{"store": "bolt://~bob/mintkey.db"}},
		"only a sign": {Environ: []string{"HOME=/home/ada"}, Flags: map[string]string{"store": "bolt://~"}},
	} {
		if _, err := configs.Load(sources); err == nil || !strings.Contains(err.Error(), "~/ where HOME is set") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The way to another algorithm in two steps, of docs/operations.md: the issuer has it first. That goes for the other name of EdDSA too.
func TestTheIssuerMayHaveAnotherAlgorithmFirst(t *testing.T) {
	got := load(t, configs.Sources{Flags: map[string]string{
		"issuer": "https://mintkey.example.com", "tokens.algorithm": "EdDSA", "tokens.audiences": "https://a.example.com",
		"tokens.audience_algorithms": "https://mintkey.example.com=Ed25519",
	}})
	for audience, want := range map[string]string{"https://a.example.com": "EdDSA", got.Issuer: "Ed25519"} {
		if algorithm := got.AlgorithmFor(audience); algorithm != want {
			t.Errorf("%s has %s, want %s", audience, algorithm, want)
		}
	}
}

// The preset has the form that the Jenkins plugin looks for: oauth2-…@microfocus.com, with 42 characters or more.
func TestPresetOfClientIDs(t *testing.T) {
	got := load(t, configs.Sources{Flags: map[string]string{"client_id.preset": "loadrunner-cloud"}}).ClientID
	if want := (configs.ClientID{Preset: "loadrunner-cloud", Prefix: "oauth2-", Suffix: "@microfocus.com"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	same := map[string]string{"client_id.preset": "loadrunner-cloud", "client_id.prefix": "oauth2-", "client_id.suffix": "@microfocus.com"}
	if again := load(t, configs.Sources{Flags: same}).ClientID; again != got {
		t.Errorf("with the same prefix and suffix: %+v", again)
	}
	for _, name := range []string{"client_id.prefix", "client_id.suffix"} {
		_, err := configs.Load(configs.Sources{Flags: map[string]string{"client_id.preset": "loadrunner-cloud", name: "other-"}})
		if err == nil || !strings.Contains(err.Error(), "client_id.preset") || !strings.Contains(err.Error(), "leave out") {
			t.Errorf("beside another %s: %v", name, err)
		}
	}
}
