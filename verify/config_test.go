package verify_test

import (
	"testing"
	"time"

	"mintkey/verify"
)

func TestConfigurationsThatAreRefused(t *testing.T) {
	for name, change := range map[string]func(*verify.Config){
		"no issuer":           func(c *verify.Config) { c.Issuer = "" },
		"issuer without host": func(c *verify.Config) { c.Issuer = "https://" },
		"issuer without TLS":  func(c *verify.Config) { c.Issuer = "auth.example.com" },
		"issuer of a file":    func(c *verify.Config) { c.Issuer = "file:///etc" },
		"issuer with a query": func(c *verify.Config) { c.Issuer += "?a=b" },
		"issuer, fragment":    func(c *verify.Config) { c.Issuer += "#a" },
		"issuer, password":    func(c *verify.Config) { c.Issuer = "https://a:b@auth.example.com" },
		"issuer with a quote": func(c *verify.Config) { c.Issuer += `/"` },
		"issuer, no URL":      func(c *verify.Config) { c.Issuer = "https://%zz" },
		"no audience":         func(c *verify.Config) { c.Audience = "" },
		"HS256":               func(c *verify.Config) { c.Algorithms = []string{"ES256", "HS256"} },
		"none":                func(c *verify.Config) { c.Algorithms = []string{"none"} },
		"negative leeway":     func(c *verify.Config) { c.Leeway = -1 },
		"negative interval":   func(c *verify.Config) { c.StatusInterval = -time.Second },
		"negative staleness":  func(c *verify.Config) { c.StaleAfter = -time.Second },
		"a third way":         func(c *verify.Config) { c.WhenStale = 2 },
		"cookie with a space": func(c *verify.Config) { c.Cookie = "a b" },
		"metadata, a quote":   func(c *verify.Config) { c.MetadataURL = `https://a"` },
		"push without ID":     func(c *verify.Config) { c.Push = &verify.Push{ClientSecret: "x"} },
		"push without secret": func(c *verify.Config) { c.Push = &verify.Push{ClientID: "x"} },
	} {
		config := verify.Config{Issuer: "https://auth.example.com", Audience: audience}
		change(&config)
		if v, err := verify.New(t.Context(), config); err == nil {
			v.Close()
			t.Errorf("%s: New accepts it", name)
		}
	}
}
