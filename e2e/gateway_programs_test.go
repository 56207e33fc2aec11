package e2e_test

import (
	"os/exec"
	"path/filepath"

	"mintkey/e2e/internal/e2etest"
)

func startCaddy(s *site, g *gateway) {
	caddy := e2etest.NewProcess(g.t, g.name, "caddy", "run", "--adapter", "caddyfile", "--config", s.install(g, "caddy/Caddyfile"))
	caddy.Env = []string{"XDG_CONFIG_HOME=" + g.folder, "XDG_DATA_HOME=" + g.folder}
	caddy.Start()
}

func startNode(s *site, g *gateway)                   { startNodeWith(s, g, "on") }
func startNodeWithoutStatusLists(s *site, g *gateway) { startNodeWith(s, g, "off") }

func startNodeWith(s *site, g *gateway, statusLists string) {
	script, err := filepath.Abs("../configs/gateways/node/gateway.mjs")
	if err != nil {
		g.t.Fatal(err)
	}
	node := e2etest.NewProcess(g.t, g.name, "node", script)
	node.Env = []string{
		"LISTEN=" + g.address, "API=" + s.upstream.server.URL, "ISSUER=" + s.issuer(), "AUDIENCE=" + siteAudience,
		"TENANT=" + s.first.TenantID, "SCOPE=api", "STATUS_LISTS=" + statusLists,
	}
	node.Start()
}

func startGo(s *site, g *gateway) { startGoWith(s, g, "5s") }

// startGoWithPush starts one that hears of no revocation but by push, for it polls too seldom.
func startGoWithPush(s *site, g *gateway) {
	startGoWith(s, g, "1h", "PUSH_CLIENT_ID="+s.asker.ClientID, "PUSH_CLIENT_SECRET="+s.asker.ClientSecret)
}

func startGoWith(s *site, g *gateway, poll string, env ...string) {
	program := filepath.Join(g.folder, "gateway")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "mintkey/configs/gateways/go").CombinedOutput(); err != nil {
		g.t.Fatalf("go build: %v\n%s", err, out)
	}
	gateway := e2etest.NewProcess(g.t, g.name, program, "-listen", g.address, "-api", s.upstream.server.URL, "-issuer", s.issuer(),
		"-audience", siteAudience, "-tenant", s.first.TenantID, "-scope", "api", "-poll", poll)
	gateway.Env = env
	gateway.Start()
}
