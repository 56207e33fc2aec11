package e2e_test

import (
	"fmt"
	"net/url"

	"mintkey/e2e/internal/e2etest"
)

func startAuthOpenIDC(s *site, g *gateway) {
	startApache(g, "auth_openidc", s.install(g, "apache/mod_auth_openidc-jwks.conf"))
}

func startAuthOpenIDCIntrospection(s *site, g *gateway) {
	g.write("client.conf", fmt.Sprintf("OIDCOAuthClientID %s\nOIDCOAuthClientSecret %s\n", s.asker.ClientID, s.asker.ClientSecret))
	startApache(g, "auth_openidc", s.install(g, "apache/mod_auth_openidc-introspection.conf"))
}

func startOAuth2(s *site, g *gateway) {
	startApache(g, "oauth2", s.install(g, "apache/mod_oauth2-jwks.conf"))
}

func startOAuth2Introspection(s *site, g *gateway) {
	options := url.Values{
		"introspect.auth": {"client_secret_basic"}, "client_id": {s.asker.ClientID}, "client_secret": {s.asker.ClientSecret}, "expiry": {"0"},
	}
	g.write("verify.conf", fmt.Sprintf("OAuth2TokenVerify introspect %s/oauth2/introspect %s\n", s.issuer(), options.Encode()))
	startApache(g, "oauth2", s.install(g, "apache/mod_oauth2-introspection.conf"))
}

// startApache runs Apache httpd with a site, and with the modules that docs/gateways/apache.md enables.
func startApache(g *gateway, module, site string) {
	config := fmt.Sprintf(`
ServerRoot %[1]s
ServerName 127.0.0.1
PidFile apache.pid
Mutex file:%[1]s
ErrorLog /dev/stderr
User www-data
Group www-data
`, g.folder)
	for _, name := range []string{"mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", module} {
		config += fmt.Sprintf("LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", name)
	}
	path := g.write("apache2.conf", config+"Include "+site+"\n")
	e2etest.NewProcess(g.t, g.name, "apache2", "-DFOREGROUND", "-f", path).Start()
}
