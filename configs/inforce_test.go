package configs_test

import (
	"slices"
	"strings"
	"testing"

	"mintkey/configs"
)

// Every setting is described, with the source that wins, and no secret is shown.
func TestDescribe(t *testing.T) {
	sources := configs.Sources{
		File: write(t, "tokens: {lifetime: 2m}\nsmtp: {url: 'smtp://ada:hunter2@mail.example.com', from: a@example.com}\n"),
		Environ: []string{
			"MINTKEY_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1", "MINTKEY_WEBHOOK_SECRET=whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
		},
		Flags: map[string]string{"scopes": "api,reports", "webhook.url": "https://hunter2@hook.example.com"},
	}
	all, err := configs.Describe(sources)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(all), len(configs.Settings()); got != want {
		t.Errorf("%d settings are described, want %d", got, want)
	}
	got := map[string]configs.InForce{}
	for _, one := range all {
		got[one.Name] = one
		if strings.Contains(one.Value, "hunter2") || strings.Contains(one.Value, "aHVudGVy") {
			t.Errorf("%s shows its secret: %s", one.Name, one.Value)
		}
	}
	for _, want := range []configs.InForce{
		{"listen", "127.0.0.1:8080", "default"},
		{"tokens.lifetime", "2m0s", "in " + sources.File},
		{"smtp.url", "smtp://[redacted]@mail.example.com", "in " + sources.File},
		{"trusted_proxies", "10.0.0.0/8,192.0.2.1/32", "MINTKEY_TRUSTED_PROXIES"},
		{"webhook.secret", "[redacted]", "MINTKEY_WEBHOOK_SECRET"},
		{"scopes", "api,reports", "--scopes"},
		{"oidc.client_secret", "", "default"},
		{"passwords.sunset", "", "default"},
	} {
		if got[want.Name] != want {
			t.Errorf("%+v, want %+v", got[want.Name], want)
		}
	}
	file := write(t, "https://hooks.example.com/services/hunter2\n")
	all, err = configs.Describe(configs.Sources{Flags: map[string]string{
		"webhook.url_file": file, "webhook.secret": "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := configs.InForce{Name: "webhook.url", Value: "[redacted]", Source: "in " + file}
	if !slices.Contains(all, want) {
		t.Errorf("%+v, want %+v", all, want)
	}
	if _, err := configs.Describe(configs.Sources{Flags: map[string]string{"listen": "nowhere"}}); err == nil {
		t.Error("a wrong setting is described")
	}
}
