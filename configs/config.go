package configs

import (
	"net/netip"
	"time"
)

// Config has every setting. The tags of a field are its name in the file, its default and its help text. A slice is a list, which flags and
// variables write with commas.
type Config struct {
	// Listen is the address of everything that clients and people use. Port 0 picks a free port.
	Listen string `koanf:"listen" default:"127.0.0.1:8080" help:"address of the OAuth endpoints, the administration API and the console"`
	// AdminListen is the address of the administration API and the console, which then are not at Listen. All else is there too, so that
	// commands need one URL. Empty: Listen has everything.
	AdminListen string `koanf:"admin_listen" help:"address of the administration API and the console, to keep them off listen; empty: there"`
	// ConsoleURL is the URL by which people reach the console, for links in mails and the way back from an OpenID provider. Empty: Issuer.
	ConsoleURL string `koanf:"console_url" help:"URL at which people reach the console, without /console (default: the issuer)"`
	// DocsURL is where people read about the server: the console links to it. Empty: no link.
	DocsURL string `koanf:"docs_url" help:"URL of the documentation that every page of the console links to; empty: no link"`
	// OpsListen is the address of /healthz, /readyz and /metrics. It is separate so that it can stay private.
	OpsListen string `koanf:"ops_listen" default:"127.0.0.1:9464" help:"address of /healthz, /readyz and /metrics; empty turns them off"`
	// OpsPprof serves profiles of the process at OpsListen, which tell of the program and take its time.
	OpsPprof bool `koanf:"ops_pprof" default:"false" help:"serve profiles of the process under /debug/pprof/ of ops_listen"`
	// MaxConnections is how many connections may be open at Listen, and as many at AdminListen. More wait in the backlog of the kernel. 0 is
	// no bound. Each costs 8 to 20 KB, and 40 KB over TLS.
	MaxConnections int `koanf:"max_connections" default:"10000" help:"most connections at listen, and at admin_listen; more wait; 0: no bound"`
	// Issuer is the URL by which clients know the server, and the iss of every token. It has no path. Empty stands for the address that
	// Listen is bound to.
	Issuer string `koanf:"issuer" help:"URL at which clients reach the server, and the iss of its tokens (default: from the listen address)"`
	// Store is where all data is kept. A bolt path without a leading slash is relative to the working directory.
	//nolint:lll // a tag cannot be broken
	Store SecretURL `koanf:"store" default:"bolt://data/mintkey.db" help:"where data is kept: bolt:///path, redis://, rediss://, unix://, redis-sentinel://, redis-cluster://, rediss-sentinel:// or rediss-cluster://"`
	// StoreFile holds the URL of the store in a file, because the URL of a Redis has a password.
	StoreFile string `koanf:"store_file" help:"file with the URL of the store, where that has a password"`
	// StoreTLS is about a Redis that is reached over TLS.
	StoreTLS StoreTLS `koanf:"store_tls"`
	// StoreStrict turns warnings about an unsafe store, signing keys stored in clear, a tls.key that others can read, or settings that
	// differ from the store's, into refusals to start.
	StoreStrict bool `koanf:"store_strict" default:"false" help:"refuse to start with an unsafe store or keys, or differing settings"`
	// Tokens is about the access tokens that the server issues.
	Tokens Tokens `koanf:"tokens"`
	// QuotaReportOnly issues tokens past a quota of an access key or a tenant, and only counts and logs them, to find out what it would do.
	QuotaReportOnly bool `koanf:"quota_report_only" default:"false" help:"issue tokens past a quota too, and only count and log them"`
	// Scopes is the catalogue: the scopes of the company's own APIs, which access keys can be given.
	Scopes []string `koanf:"scopes" default:"api" help:"scopes that access keys can have, besides the administration scopes"`
	// ClientID is the form of new client IDs.
	ClientID ClientID `koanf:"client_id"`
	// SigningKeys is about the keys that sign tokens.
	SigningKeys SigningKeys `koanf:"signing_keys"`
	// SMTP is the mail server for notices.
	SMTP SMTP `koanf:"smtp"`
	// Webhook is the endpoint that receives events about access keys.
	Webhook Webhook `koanf:"webhook"`
	// Leaks is about reports of leaked client secrets.
	Leaks Leaks `koanf:"leaks"`
	// Passwords is about the password grant of older tenants.
	Passwords Passwords `koanf:"passwords"`
	// OIDC lets people sign in to the console at an OpenID provider.
	OIDC OIDC `koanf:"oidc"`
	// TLS makes the server speak https itself, without a proxy in front.
	TLS TLS `koanf:"tls"`
	// TrustedProxies are the peers whose X-Forwarded-For is trusted.
	TrustedProxies []netip.Prefix `koanf:"trusted_proxies" help:"addresses or networks of proxies whose X-Forwarded-For is trusted"`
	// Audit is about how long the audit trail is kept, and where.
	Audit Audit `koanf:"audit"`
	// Traces is about OpenTelemetry traces of requests.
	Traces Traces `koanf:"traces"`
	// Log is the log on standard error.
	Log Log `koanf:"log"`
	// Drain is how long the server goes on answering after SIGTERM while /readyz says 503, so that balancers and clients move to other
	// servers: the longest time that a balancer takes to notice, and two thirds of that again. SIGINT and a second signal cut it short.
	Drain time.Duration `koanf:"drain" default:"5s" help:"how long to go on answering, but not ready, after SIGTERM; 0 for none"`
	// ShutdownGrace is how long open requests may take to finish when the server stops.
	ShutdownGrace time.Duration `koanf:"shutdown_grace" default:"15s" help:"how long open requests may take to finish when the server stops"`
}

// StoreTLS has the paths of PEM files for a store at rediss://, rediss-sentinel:// or rediss-cluster://.
type StoreTLS struct {
	// CA has the certificates that are trusted, instead of those of the system. It is read once, at the start.
	CA string `koanf:"ca" help:"PEM file with the CAs of Redis (default: those of the system)"`
	// Cert is the client certificate, followed by its chain. It and its key are read for each new connection, so they can be replaced.
	Cert string `koanf:"cert" help:"PEM file with the client certificate for Redis and its chain"`
	// Key is the private key of the client certificate.
	Key string `koanf:"key" help:"PEM file with the private key of the client certificate for Redis"`
}

// Tokens is about the access tokens that the server issues.
type Tokens struct {
	// Lifetime is how long a token is valid. A gateway that does not poll status lists accepts the tokens of a revoked key that long.
	Lifetime time.Duration `koanf:"lifetime" default:"15m" help:"how long a token is valid, 1m to 24h"`
	// Algorithm signs the tokens for every audience that AudienceAlgorithms does not name. Ed25519 is EdDSA by the name of RFC 9864, which
	// gateways from before October 2025 do not know.
	Algorithm string `koanf:"algorithm" default:"ES256" help:"signature of tokens: ES256, RS256, EdDSA or Ed25519"`
	// Audiences are the APIs that a client can ask for with resource (RFC 8707), the default first. The issuer is an audience besides
	// them, for the administration API alone; where there is no API, it serves for both.
	Audiences []string `koanf:"audiences" help:"audiences of your APIs, the default first (default: the issuer, for trying out)"`
	// AudienceAlgorithms has entries audience=algorithm, for gateways that support one algorithm only.
	AudienceAlgorithms []string `koanf:"audience_algorithms" help:"signatures of single audiences, each as audience=algorithm"`
}

// ClientID is the form of new client IDs, which some existing plugins check.
type ClientID struct {
	// Preset is the form that the plugins of a product look for: loadrunner-cloud. It sets Prefix and Suffix.
	Preset string `koanf:"preset" help:"form of new client IDs that the plugins of a product look for: loadrunner-cloud"`
	// Prefix begins every new client ID.
	Prefix string `koanf:"prefix" default:"mk_" help:"beginning of new client IDs"`
	// Suffix ends every new client ID.
	Suffix string `koanf:"suffix" help:"end of new client IDs"`
}

// SigningKeys is about the keys that sign tokens. They are kept in the store, encrypted with a key-encryption key that is not. With a bolt
// store and neither setting, that key is made in a file beside the store.
type SigningKeys struct {
	// EncryptionKey is the key-encryption key: base64 of 32 random bytes.
	EncryptionKey Secret `koanf:"encryption_key" help:"encrypts the signing keys in the store: base64 of 32 bytes (openssl rand -base64 32)"`
	// EncryptionKeyFile holds the same in a file, which process lists do not show.
	EncryptionKeyFile string `koanf:"encryption_key_file" help:"file with the key that encrypts the signing keys"`
	// RotateEvery is how long a signing key signs before the next one takes over.
	RotateEvery time.Duration `koanf:"rotate_every" default:"720h" help:"how long one signing key signs, 1h to 8760h"`
}

// SMTP is the mail server for notices.
type SMTP struct {
	// URL is empty to send no mail. smtp uses STARTTLS when the server offers it, and insists on it with ?tls=required, or when there is a
	// password for a server on another machine; smtps begins with TLS.
	URL SecretURL `koanf:"url" help:"mail server for notices: smtp://user:password@host:587 or smtps://; empty sends none"`
	// URLFile holds the same in a file.
	URLFile string `koanf:"url_file" help:"file with the URL of the mail server"`
	// From is the sender's address, with or without a name.
	From string `koanf:"from" help:"sender of notices, such as Mintkey <mintkey@example.com>"`
}

// Webhook is a program that receives events about access keys as signed requests (https://www.standardwebhooks.com).
type Webhook struct {
	// URL is empty to send no events.
	URL SecretURL `koanf:"url" help:"URL to which signed events about access keys are posted; empty posts none"`
	// URLFile holds the same in a file: the URLs of some receivers are secrets.
	URLFile string `koanf:"url_file" help:"file with the URL of the webhook"`
	// Secret signs the requests. The receiver needs the same one.
	Secret Secret `koanf:"secret" help:"signs webhooks: whsec_ and base64 of 24 to 64 bytes"`
	// SecretFile holds the same in a file.
	SecretFile string `koanf:"secret_file" help:"file with the secret that signs webhooks"`
}

// Leaks is about reports of leaked client secrets, which anybody can send to /leaks.
type Leaks struct {
	// GitHubKeys is the path of the public keys that verify the reports of GitHub's secret scanning, as GitHub serves them. It is read for
	// each report that is signed, so it can be replaced. Without it a report of GitHub is one like any other, and its signature is not
	// looked at.
	GitHubKeys string `koanf:"github_keys" help:"file with GitHub's public keys, to verify its reports of leaked secrets"`
}

// Traces is about OpenTelemetry traces of requests. They are off, and cost nothing, unless Endpoint or one of the variables
// OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set. Other OTEL_… variables of the specification hold too.
type Traces struct {
	// Endpoint is the URL of the collector, for OTLP over HTTP, without /v1/traces.
	Endpoint string `koanf:"endpoint" help:"URL of the OpenTelemetry collector that gets traces by OTLP over HTTP; empty sends none"`
}

// Passwords is about the password grant, which only tenants from before release 24.3 have.
type Passwords struct {
	// Sunset is announced with every token from a password (RFC 8594). Passwords go on working after it.
	Sunset time.Time `koanf:"sunset" help:"day on which passwords will stop working, such as 2027-01-31: announced, not enforced"`
}

// OIDC is the OpenID Connect provider at which people can sign in to the console. The redirect URI to register there is the issuer of
// this server followed by /console/sign-in/oidc/callback, the post-logout redirect URI is it followed by /console/sign-in.
type OIDC struct {
	// Issuer is the provider's URL, exactly as its tokens have it. Empty turns it off.
	Issuer string `koanf:"issuer" help:"URL of the OpenID provider at which people can sign in to the console; empty for passwords only"`
	// ClientID identifies this server at the provider.
	ClientID string `koanf:"client_id" help:"client ID of this server at the OpenID provider"`
	// ClientSecret authenticates this server at the provider.
	ClientSecret Secret `koanf:"client_secret" help:"client secret of this server at the OpenID provider"`
	// ClientSecretFile holds the same in a file.
	ClientSecretFile string `koanf:"client_secret_file" help:"file with the client secret of this server at the OpenID provider"`
	// Account is the account whose users the provider may sign in. Empty stands for the only account there is: with several, nobody can
	// sign in this way. A provider that may do so for every account (*) can sign its people in as anybody.
	Account string `koanf:"account" help:"account whose users the provider may sign in, by ID, or * for every account (default: the only one)"`
	// Name is the provider's name on the button of the sign-in page. Empty stands for the host of Issuer.
	Name string `koanf:"name" help:"name of the OpenID provider on the sign-in page (default: its host)"`
	// Only turns sign-in by password off in the console.
	Only bool `koanf:"only" default:"false" help:"let people sign in to the console at the OpenID provider only, and not by password"`
	// AssumeEmailVerified accepts the e-mail addresses of a provider that does not say whether it has verified them.
	AssumeEmailVerified bool `koanf:"assume_email_verified" default:"false" help:"trust a provider that leaves email_verified out"`
}

// TLS has the paths of two PEM files: both, or neither for plain http.
type TLS struct {
	// Cert is the certificate, followed by its chain.
	Cert string `koanf:"cert" help:"PEM file with the certificate and its chain"`
	// Key is the private key of the certificate.
	Key string `koanf:"key" help:"PEM file with the private key of the certificate"`
}

// Audit is about how long the audit trail is kept, and where.
type Audit struct {
	// Retention is the age at which events are deleted, in the store and in Archive. The first time that a server with this setting opens
	// a store that has such events, nothing is deleted for 30 days.
	Retention time.Duration `koanf:"retention" default:"400d" help:"age at which events of the audit trail are deleted; 0 keeps them for ever"`
	// Archive is a folder to which events are moved that are older than ArchiveAfter. One server at a time moves, so all that have this
	// setting should share the folder. API and console show what is in the store.
	Archive string `koanf:"archive" help:"folder to which older events of the audit trail are moved; empty keeps them in the store"`
	// ArchiveAfter is the age at which events are moved, to the day.
	ArchiveAfter time.Duration `koanf:"archive_after" default:"30d" help:"age at which events are moved to audit.archive, at least 1d"`
}

// Log is the log on standard error.
type Log struct {
	// Level is the lowest level that is written.
	Level string `koanf:"level" default:"info" help:"debug, info, warn or error"`
	// Format is text for people or json for programs.
	Format string `koanf:"format" default:"text" help:"text or json"`
}
