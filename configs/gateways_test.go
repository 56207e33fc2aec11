package configs_test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/knadh/koanf/parsers/yaml"
)

// The gateway configurations that no test runs are at least valid YAML, with the issuer, the audience and the URL of the keys where those
// gateways look for them. All others are run by e2e.
func TestGatewaysThatAreNotRun(t *testing.T) {
	envoy := readYAML(t, "gateways/envoy/envoy.yaml")
	filters := at(t, envoy, "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config", "http_filters")
	provider := at(t, filters, 0, "typed_config", "providers", "mintkey")
	checkProvider(t, provider, "http://127.0.0.1:8080", at(t, provider, "remote_jwks", "http_uri", "uri"))

	policy := readYAML(t, "gateways/kubernetes/security-policy.yaml")
	provider = at(t, policy, "spec", "jwt", "providers", 0)
	checkProvider(t, provider, "https://mintkey.example.com", at(t, provider, "remoteJWKS", "uri"))

	istio := at(t, readYAML(t, "gateways/istio/request-authentication.yaml"), "spec", "jwtRules", 0)
	checkProvider(t, istio, "https://mintkey.example.com", at(t, istio, "jwksUri"))
	when := at(t, readYAML(t, "gateways/istio/authorization-policy.yaml"), "spec", "rules", 0, "when")
	for i, claim := range []string{"iss", "tenant_id", "scope"} {
		if got := at(t, when, i, "key"); got != "request.auth.claims["+claim+"]" {
			t.Errorf("Istio looks at %v, want %s", got, claim)
		}
	}

	traefik := at(t, readYAML(t, "gateways/traefik/dynamic.yaml"), "http")
	if got := at(t, traefik, "routers", "api", "middlewares"); !cmp.Equal(got, []any{"without-identity", "mintkey"}) {
		t.Errorf("Traefik asks %v", got)
	}
	asked, err := url.Parse(at(t, traefik, "middlewares", "mintkey", "forwardAuth", "address").(string))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"audience": {"https://api.example.com"}, "tenant": {"berlin"}, "scope": {"api"}, "cookie": {"LWSSO_COOKIE_KEY"},
	}
	if diff := cmp.Diff(want, asked.Query()); diff != "" || asked.Path != "/oauth2/forward-auth" {
		t.Errorf("Traefik requires (-want +file):\n%s", diff)
	}
}

// Every gateway that tells header and cookie apart takes the token of LoadRunner plugins from theirs.
func TestGatewaysTakeTheCookie(t *testing.T) {
	files, err := filepath.Glob("gateways/*/*")
	if err != nil || len(files) < 15 {
		t.Fatalf("%q, %v", files, err)
	}
	without := []string{ // parts of one that does, and what is not a gateway
		"gateways/haproxy/signing-keys", "gateways/istio/authorization-policy.yaml", "gateways/nginx/introspection.conf",
		"gateways/node/.npmrc", "gateways/node/node_modules", "gateways/node/package-lock.json", "gateways/node/package.json",
		"gateways/node/statuslist.mjs", "gateways/node/verify.mjs",
	}
	for _, file := range files {
		if slices.Contains(without, file) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "LWSSO_COOKIE_KEY") {
			t.Errorf("%s does not take the cookie", file)
		}
	}
}

func checkProvider(t *testing.T, provider any, issuer string, keys any) {
	t.Helper()
	got := []any{at(t, provider, "issuer"), at(t, provider, "audiences"), keys}
	if diff := cmp.Diff([]any{issuer, []any{"https://api.example.com"}, issuer + "/.well-known/jwks.json"}, got); diff != "" {
		t.Errorf("whose tokens are good (-want +file):\n%s", diff)
	}
}

func readYAML(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}

// at walks down into maps by name and into lists by index.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, step := range path {
		inMap, isMap := value.(map[string]any)
		inList, isList := value.([]any)
		name, isName := step.(string)
		index, isIndex := step.(int)
		switch {
		case isMap && isName:
			value = inMap[name]
		case isList && isIndex && index < len(inList):
			value = inList[index]
		default:
			t.Fatalf("there is no %v of %v", step, path)
		}
	}
	return value
}
