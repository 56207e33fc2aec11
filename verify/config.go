package verify

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which tokens are valid and how they are checked. Only Issuer and Audience must be set.
type Config struct {
	// Issuer is the issuer exactly as it writes itself in its tokens and in its metadata (RFC 8414), such as "https://auth.example.com".
	Issuer string
	// Audience is this server, as the issuer calls it. It must be one of the audiences of a token.
	Audience string
	// Algorithms that a signing key may have: all of ES256, RS256 and EdDSA by default. Ed25519 is another name of EdDSA (RFC 9864), here
	// and in keys and tokens.
	Algorithms []string
	// Cookie, if set, is the name of a cookie that has the token of a request without any Authorization header. Browsers send cookies by
	// themselves, so it is for programs that know no other way, and must be one that no browser is given.
	Cookie string
	// MetadataURL, if set, is the URL at which this server publishes Metadata. Challenges name it (RFC 9728 section 5.1), so that clients
	// find the issuer by themselves.
	MetadataURL string
	// Leeway is how far the clock of the issuer may be ahead of this one: 5 s by default. It lets a token in early (nbf, iat), and never
	// lengthens its life: at exp it is dead, by this clock.
	Leeway time.Duration

	// CacheSize is how many good tokens are remembered, so that their signature is checked once: 10,000 by default, which is about 10 MB;
	// negative for none. Expiry and revocation are checked each time.
	CacheSize int

	// StatusInterval is how often each status list in use is asked for: every 5 s by default.
	StatusInterval time.Duration
	// WhenStale says whether to go on with a status list that the issuer has not confirmed for StaleAfter: FailOpen by default.
	WhenStale WhenStale
	// StaleAfter is for FailClosed: 30 s by default.
	StaleAfter time.Duration
	// Push, if set, makes the issuer tell about revocations at once. The status lists are polled all the same.
	Push *Push

	// OnEvent, if set, is called for everything that a metric may count. It is called from many goroutines, and a request
	// waits until it returns.
	OnEvent func(Event)
	// HTTPClient fetches from the issuer: by default one with a connection pool of its own. No fetch takes longer than 5 s,
	// whatever its timeout.
	HTTPClient *http.Client
	// Now is the clock: time.Now by default.
	Now func() time.Time
}

// WhenStale is what to do with a token when its status list has grown old because the issuer is out of reach.
// In either case a token that the list last had as revoked is refused as such, and when there has never been a list,
// or the end that the issuer has signed into it has come, the answer is ErrUnavailable.
type WhenStale int

const (
	// FailOpen accepts what the last list does not have as revoked.
	FailOpen WhenStale = iota
	// FailClosed answers ErrUnavailable once the list has not been confirmed for Config.StaleAfter.
	FailClosed
)

// Push is the access key that listens for revocations. It needs the scope tokens:introspect.
type Push struct {
	ClientID     string
	ClientSecret string `json:"-"`
}

// Format keeps the secret out of logs, under every verb.
func (p Push) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "{%s [redacted]}", p.ClientID) }

const (
	defaultLeeway         = 5 * time.Second
	defaultCacheSize      = 10_000
	defaultStatusInterval = 5 * time.Second
	defaultStaleAfter     = 30 * time.Second
)

func supportedAlgorithms() []string { return []string{"ES256", "RS256", "EdDSA"} }

// RFC 9864 names the Ed25519 of EdDSA, which is the only curve that is supported here.
const (
	nameOfRFC8037 = "EdDSA"
	nameOfRFC9864 = "Ed25519"
)

// algorithmNamed is the algorithm by the name that is used here.
func algorithmNamed(name string) string {
	if name == nameOfRFC9864 {
		return nameOfRFC8037
	}
	return name
}

func (c Config) withDefaults() Config {
	setDefault(&c.Leeway, defaultLeeway)
	setDefault(&c.CacheSize, defaultCacheSize)
	setDefault(&c.StatusInterval, defaultStatusInterval)
	setDefault(&c.StaleAfter, defaultStaleAfter)
	if len(c.Algorithms) == 0 {
		c.Algorithms = supportedAlgorithms()
	}
	algorithms := make([]string, len(c.Algorithms))
	for i, name := range c.Algorithms {
		algorithms[i] = algorithmNamed(name)
	}
	c.Algorithms = algorithms
	if c.OnEvent == nil {
		c.OnEvent = func(Event) {}
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
		}}
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the documented default, for use outside this module
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) check() error {
	issuer, err := url.Parse(c.Issuer)
	switch {
	case err != nil:
		return fmt.Errorf("the issuer: %w", err)
	case issuer.Scheme != "https" && issuer.Scheme != "http", issuer.Host == "",
		issuer.RawQuery != "", issuer.Fragment != "", issuer.User != nil:
		return fmt.Errorf("the issuer %q must be an http or https URL without query and fragment", c.Issuer)
	case !isQuotable(c.Issuer):
		return fmt.Errorf("the issuer %q has characters that no URL has", c.Issuer)
	case c.Audience == "":
		return errors.New("an audience is needed: without one, a token for any other server would open this one")
	case c.Leeway < 0, c.StatusInterval < 0, c.StaleAfter < 0:
		return errors.New("a duration cannot be negative")
	case c.WhenStale != FailOpen && c.WhenStale != FailClosed:
		return errors.New("WhenStale must be FailOpen or FailClosed")
	case c.Cookie != "" && (&http.Cookie{Name: c.Cookie}).Valid() != nil: //nolint:gosec // its name alone is looked at, and none is set
		return fmt.Errorf("%q cannot be the name of a cookie", c.Cookie)
	case c.MetadataURL != "" && !isQuotable(c.MetadataURL):
		return fmt.Errorf("the URL of the metadata %q has characters that no URL has", c.MetadataURL)
	case c.Push != nil && (c.Push.ClientID == "" || c.Push.ClientSecret == ""):
		return errors.New("push needs a client ID and a client secret")
	}
	for _, algorithm := range c.Algorithms {
		if !slices.Contains(supportedAlgorithms(), algorithmNamed(algorithm)) {
			return fmt.Errorf("the algorithm %q is none of %s, Ed25519", algorithm, strings.Join(supportedAlgorithms(), ", "))
		}
	}
	return nil
}

// isQuotable says whether text can stand between quotes in a header as it is: the characters of a scope (RFC 6749 section 3.3).
func isQuotable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' })
}
