package configs

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mintkey/policy"
)

// The allowed forms of some settings.
var (
	// Clients send IDs unencoded in Basic authentication, where only these characters are safe.
	clientIDPart = regexp.MustCompile(`^[0-9A-Za-z_.@-]{0,64}$`)
	baseURLForm  = regexp.MustCompile(`^https?://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(:[0-9]{1,5})?(/.*)?$`)
	audienceForm = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]{1,512}$`)
	storeSchemes = []string{
		boltScheme, "redis", "rediss", "unix", "redis-sentinel", "redis-cluster", "rediss-sentinel", "rediss-cluster",
	}
	defaultPorts = map[string]string{"http": "80", "https": "443"}
	smtpSchemes  = []string{"smtp", "smtps"}
	algorithms   = []string{"ES256", "RS256", "EdDSA", "Ed25519"}
	logLevels    = []string{"debug", "info", "warn", "error"}
	logFormats   = []string{"text", "json"}
)

const (
	listenForm          = "must be host:port, such as 127.0.0.1:8080 or :8080"
	mostConnections     = 1_000_000
	encryptionKeyLength = 32 // bytes: AES-256
	defaultPrefix       = "mk_"
)

// check returns the problems, by the name of the setting. No text repeats a secret.
func (c Config) check() map[string]string {
	return map[string]string{
		"listen":                           checkAddress(c.Listen),
		"admin_listen":                     checkOtherAddress(c.AdminListen, "listen", c.Listen),
		"console_url":                      checkBaseURL(c.ConsoleURL),
		"docs_url":                         checkWebPage(c.DocsURL),
		"ops_listen":                       c.checkOpsListen(),
		"max_connections":                  checkMaxConnections(c.MaxConnections),
		"issuer":                           checkBaseURL(c.Issuer),
		"store":                            c.checkStore(),
		"store_tls.ca":                     c.checkStoreTLS(c.StoreTLS.CA, "", ""),
		"store_tls.cert":                   c.checkStoreTLS(c.StoreTLS.Cert, c.StoreTLS.Key, "store_tls.key"),
		"store_tls.key":                    c.checkStoreTLS(c.StoreTLS.Key, c.StoreTLS.Cert, "store_tls.cert"),
		"tokens.lifetime":                  checkBetween(c.Tokens.Lifetime, time.Minute, 24*time.Hour),
		"tokens.algorithm":                 checkOneOf(c.Tokens.Algorithm, algorithms),
		"tokens.audiences":                 c.checkAudiences(),
		"tokens.audience_algorithms":       c.checkAudienceAlgorithms(),
		"scopes":                           c.checkScopes(),
		"client_id.preset":                 c.ClientID.checkPreset(),
		"client_id.prefix":                 checkClientIDPart(c.ClientID.Prefix),
		"client_id.suffix":                 c.ClientID.checkSuffix(),
		"signing_keys.encryption_key":      c.checkEncryptionKey(),
		"signing_keys.encryption_key_file": c.checkEncryptionKeyFile(),
		"signing_keys.rotate_every":        checkBetween(c.SigningKeys.RotateEvery, time.Hour, 8760*time.Hour),
		"smtp.url":                         c.checkSMTPURL(),
		"smtp.from":                        c.checkSMTPFrom(),
		"webhook.url":                      c.checkWebhookURL(),
		"webhook.secret":                   c.checkWebhookSecret(),
		"leaks.github_keys":                checkHome(c.Leaks.GitHubKeys),
		"oidc.issuer":                      c.OIDC.checkIssuer(),
		"oidc.client_id":                   c.OIDC.checkNeeded(c.OIDC.ClientID),
		"oidc.client_secret":               c.OIDC.checkNeeded(c.OIDC.ClientSecret.Reveal()),
		"oidc.account":                     c.OIDC.checkAccount(),
		"oidc.name":                        c.OIDC.checkName(),
		"oidc.only":                        c.OIDC.checkSwitch(c.OIDC.Only),
		"oidc.assume_email_verified":       c.OIDC.checkAssume(),
		"tls.cert":                         checkPair(c.TLS.Cert, c.TLS.Key, "tls.key"),
		"tls.key":                          checkPair(c.TLS.Key, c.TLS.Cert, "tls.cert"),
		"audit.retention":                  c.Audit.checkRetention(),
		"audit.archive":                    checkHome(c.Audit.Archive),
		"audit.archive_after":              c.Audit.checkArchiveAfter(),
		"traces.endpoint":                  checkTraces(c.Traces.Endpoint),
		"log.level":                        checkOneOf(c.Log.Level, logLevels),
		"log.format":                       checkOneOf(c.Log.Format, logFormats),
		"drain":                            checkBetween(c.Drain, 0, 10*time.Minute),
		"shutdown_grace":                   checkBetween(c.ShutdownGrace, 0, 10*time.Minute),
	}
}

func checkBaseURL(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || !baseURLForm.MatchString(text) || u.Host == "" || u.User != nil || strings.ContainsAny(text, "?#"),
		u.Path == "/":
		return "must be an http or https URL without user, query, fragment or trailing slash, such as https://mintkey.example.com; " +
			"a host outside ASCII as xn--…"
	case u.Port() != "" && !isPort(u.Port()):
		return "must have a port from 1 to 65535, without a zero before it"
	case strings.Contains(u.Hostname(), "..") || strings.HasPrefix(u.Hostname(), "."):
		return "has no host name that can exist: a part of it is empty"
	case u.Host != strings.ToLower(u.Host):
		return fmt.Sprintf("must have the host in small letters, because clients compare it letter by letter: %s://%s", u.Scheme,
			strings.ToLower(u.Host))
	case u.Port() == defaultPorts[u.Scheme]:
		return fmt.Sprintf("must leave out the default port, as clients do: %s://%s", u.Scheme, strings.TrimSuffix(u.Host, ":"+u.Port()))
	case u.Path != "":
		return "cannot have a path: the server answers at the root of a host, where clients look for its metadata (RFC 8414) and its pages " +
			"lead. Give it a host name or a port of its own, such as https://mintkey.example.com, and let the proxy pass every path on unchanged"
	}
	return ""
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0 && text[0] != '0'
}

func checkWebPage(text string) string {
	u, err := url.Parse(text)
	if text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
		return "must be an http or https URL without user, such as https://wiki.example.com/mintkey"
	}
	return ""
}

func checkTraces(text string) string {
	u, err := url.Parse(text)
	if text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "") {
		return "must be an http or https URL without user or query, such as http://127.0.0.1:4318"
	}
	return ""
}

func (c Config) checkStore() string {
	scheme, rest, ok := strings.Cut(c.Store.Reveal(), "://")
	if !ok || rest == "" || !slices.Contains(storeSchemes, scheme) {
		return "must begin with " + strings.Join(storeSchemes, "://, ") + "://, followed by a path or a host"
	}
	if scheme == boltScheme {
		return checkHome(rest)
	}
	return ""
}

func (c Config) checkStoreTLS(path, other, otherName string) string {
	if path != "" && !strings.HasPrefix(c.StoreKind(), "rediss") {
		return "is for a store at rediss://, rediss-sentinel:// or rediss-cluster:// only"
	}
	return checkPair(path, other, otherName)
}

func (c Config) checkAudiences() string {
	for _, audience := range c.Tokens.Audiences {
		if err := CheckAudience(audience); err != nil {
			return err.Error()
		}
	}
	return ""
}

// CheckAudience returns an error that says what is wrong with the name of an audience.
func CheckAudience(audience string) error {
	if !audienceForm.MatchString(audience) {
		return fmt.Errorf("%.60q has a space, a quote or a character that is not ASCII", audience)
	}
	return nil
}

func (c Config) checkAudienceAlgorithms() string {
	known := append(slices.Clone(c.Tokens.Audiences), c.Issuer)
	named := map[string]string{}
	for _, entry := range c.Tokens.AudienceAlgorithms {
		audience, algorithm, ok := cutLast(entry, "=")
		switch {
		case !ok || !slices.Contains(algorithms, algorithm):
			return fmt.Sprintf("%.60q must be audience=algorithm, with one of %s", entry, strings.Join(algorithms, ", "))
		case !slices.Contains(known, audience):
			return fmt.Sprintf("%.60q is neither one of tokens.audiences nor the issuer", audience)
		case named[audience] != "" && named[audience] != algorithm:
			return fmt.Sprintf("%.60q cannot have two algorithms, %s and %s", audience, named[audience], algorithm)
		}
		named[audience] = algorithm
	}
	return ""
}

func (c Config) checkScopes() string {
	if len(c.Scopes) == 0 {
		return "must have at least one scope"
	}
	for _, scope := range c.Scopes {
		if err := policy.CheckScopeToken(scope); err != nil {
			return fmt.Sprintf("%.60q: %v", scope, err)
		}
		if policy.IsAdministrationScope(scope) {
			return fmt.Sprintf("%q is an administration scope, which every server has by itself", scope)
		}
	}
	return ""
}

func (c Config) checkEncryptionKey() string {
	text := c.SigningKeys.EncryptionKey.Reveal()
	if key, err := base64.StdEncoding.DecodeString(text); text != "" && (err != nil || len(key) != encryptionKeyLength) {
		return "must be base64 of 32 bytes; openssl rand -base64 32 makes one"
	}
	return ""
}

func (c Config) checkEncryptionKeyFile() string {
	if c.SigningKeys.EncryptionKeyFile != "" && c.SigningKeys.EncryptionKey.Reveal() != "" {
		return "cannot be set together with signing_keys.encryption_key"
	}
	return checkHome(c.SigningKeys.EncryptionKeyFile)
}

func (c Config) checkSMTPURL() string {
	text := c.SMTP.URL.Reveal()
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || !slices.Contains(smtpSchemes, u.Scheme) || u.Hostname() == "" || u.Path != "" || u.Fragment != "" {
		return "must be smtp://user:password@host:587 or smtps://host:465, with special characters in the password percent-encoded"
	}
	if u.RawQuery != "" && (u.Scheme != "smtp" || u.RawQuery != "tls=required") {
		return "can have ?tls=required after smtp://host, and nothing else"
	}
	return ""
}

func (c Config) checkWebhookURL() string {
	text := c.Webhook.URL.Reveal()
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "must be an http or https URL"
	}
	return ""
}

func (c Config) checkWebhookSecret() string {
	text := c.Webhook.Secret.Reveal()
	if text == "" {
		if c.Webhook.URL.Reveal() != "" {
			return "must be set together with webhook.url"
		}
		return ""
	}
	encoded, ok := strings.CutPrefix(text, "whsec_")
	if key, err := base64.StdEncoding.DecodeString(encoded); !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return `must be whsec_ and base64 of 24 to 64 bytes; echo "whsec_$(openssl rand -base64 32)" makes one`
	}
	return ""
}

func (c Config) checkSMTPFrom() string {
	if c.SMTP.From == "" {
		if c.SMTP.URL.Reveal() != "" {
			return "must be set together with smtp.url"
		}
		return ""
	}
	if _, err := mail.ParseAddress(c.SMTP.From); err != nil {
		return fmt.Sprintf("%.60q must be an address such as mintkey@example.com or Mintkey <mintkey@example.com>", c.SMTP.From)
	}
	return ""
}

func checkClientIDPart(text string) string {
	if !clientIDPart.MatchString(text) {
		return fmt.Sprintf("%.60q must have at most 64 of the letters a-z and A-Z, the digits and _ - . @", text)
	}
	return ""
}

// The forms of client IDs by the name of the product whose plugins look at them.
func presets() map[string]ClientID {
	return map[string]ClientID{"loadrunner-cloud": {Prefix: "oauth2-", Suffix: "@microfocus.com"}}
}

// usePreset puts the form of the preset in place of the defaults.
func (c *ClientID) usePreset() {
	preset, known := presets()[c.Preset]
	if !known {
		return
	}
	if c.Prefix == defaultPrefix {
		c.Prefix = preset.Prefix
	}
	if c.Suffix == "" {
		c.Suffix = preset.Suffix
	}
}

func (c ClientID) checkPreset() string {
	preset, known := presets()[c.Preset]
	switch {
	case c.Preset == "":
		return ""
	case !known:
		return fmt.Sprintf("%.60q must be one of %s", c.Preset, strings.Join(slices.Sorted(maps.Keys(presets())), ", "))
	case c.Prefix != preset.Prefix || c.Suffix != preset.Suffix:
		return fmt.Sprintf("makes client IDs with the prefix %s and the suffix %s: leave out client_id.prefix and client_id.suffix",
			preset.Prefix, preset.Suffix)
	}
	return ""
}

func (c ClientID) checkSuffix() string {
	const most = policy.MaxClientIDAffixes
	if n := len(c.Prefix) + len(c.Suffix); n > most {
		return fmt.Sprintf("must have at most %d characters together with client_id.prefix, and has %d", most, n)
	}
	return checkClientIDPart(c.Suffix)
}

func checkMaxConnections(most int) string {
	if most < 0 || most > mostConnections {
		return fmt.Sprintf("%d must be between 1 and %d, or 0 for no bound", most, mostConnections)
	}
	return ""
}

func checkBetween(d, least, most time.Duration) string {
	if d < least || d > most {
		return fmt.Sprintf("%v must be between %v and %v", d, least, most)
	}
	return ""
}

func checkOneOf(text string, allowed []string) string {
	if !slices.Contains(allowed, text) {
		return fmt.Sprintf("%.60q must be one of %s", text, strings.Join(allowed, ", "))
	}
	return ""
}

func (a Audit) checkRetention() string {
	if a.Retention != 0 && a.Retention < 24*time.Hour {
		return fmt.Sprintf("%v must be 0, which keeps events for ever, or at least 1d", a.Retention)
	}
	return ""
}

func (a Audit) checkArchiveAfter() string {
	switch {
	case a.ArchiveAfter < 24*time.Hour:
		return fmt.Sprintf("%v must be at least 1d", a.ArchiveAfter)
	case a.Archive != "" && a.Retention != 0 && a.ArchiveAfter >= a.Retention:
		return fmt.Sprintf("%v must be less than audit.retention, which is %v", a.ArchiveAfter, a.Retention)
	}
	return ""
}

func checkPair(path, other, otherName string) string {
	if path == "" && other != "" {
		return "must be set together with " + otherName
	}
	return checkHome(path)
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
