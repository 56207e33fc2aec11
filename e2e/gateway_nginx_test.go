package e2e_test

import (
	"encoding/base64"
	"fmt"

	"mintkey/e2e/internal/e2etest"
)

func startNginxForwardAuth(s *site, g *gateway) {
	startNginx(g, s.install(g, "nginx/forward-auth.conf"))
}

func startNginxIntrospection(s *site, g *gateway) {
	s.install(g, "nginx/introspection.js")
	authorization := base64.StdEncoding.EncodeToString([]byte(s.asker.ClientID + ":" + s.asker.ClientSecret))
	g.write("authorization.conf", fmt.Sprintf("proxy_set_header Authorization \"Basic %s\";\n", authorization))
	startNginx(g, s.install(g, "nginx/introspection.conf"))
}

// startNginx runs nginx with a site, as Debian's nginx.conf includes it.
func startNginx(g *gateway, site string) {
	config := g.write("nginx.conf", fmt.Sprintf(`
daemon off;
pid %[1]s/nginx.pid;
load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
events {}
http {
    access_log off;
    client_body_temp_path %[1]s/body;
    proxy_temp_path %[1]s/proxy;
    fastcgi_temp_path %[1]s/fastcgi;
    uwsgi_temp_path %[1]s/uwsgi;
    scgi_temp_path %[1]s/scgi;
    include %[2]s;
}
`, g.folder, site))
	e2etest.NewProcess(g.t, g.name, "nginx", "-e", "stderr", "-p", g.folder, "-c", config).Start()
}
